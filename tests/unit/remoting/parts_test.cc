// The parts of a connection on their own.
#include <limits>

#include "remoting/opaque_table.h"
#include "remoting/read_buffer.h"
#include "remoting/write_queue.h"
#include "unit/remoting/support.h"

namespace gantry::remoting {
namespace {

using Clock = OpaqueTable::Clock;

TEST(OpaqueTable, GivenManyRequestsWhenTakenThenEachOpaqueFindsItsOwnOnce) {
  OpaqueTable table;
  std::vector<std::int32_t> opaques;
  int called = -1;
  for (int i = 0; i < 1'000; ++i)
    opaques.push_back(table.add(Clock::time_point::max(), [&called, i](auto) { called = i; }));
  EXPECT_EQ(table.size(), 1'000u);
  for (int i = 999; i >= 0; --i) {
    auto done = table.take(opaques[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(done);
    (*done)(fail(Errc::internal, ""));
    EXPECT_EQ(called, i);
    EXPECT_FALSE(table.take(opaques[static_cast<std::size_t>(i)]));
  }
  EXPECT_TRUE(table.empty());
  EXPECT_FALSE(table.take(-1));
  EXPECT_FALSE(OpaqueTable().take(1));
}

TEST(OpaqueTable, GivenOneThatWaitsLongWhenOthersComeAndGoThenItsOpaqueIsSkipped) {
  OpaqueTable table;
  const std::int32_t kept = table.add(Clock::time_point::max(), [](auto) {});
  for (int i = 0; i < 10'000; ++i) {
    const std::int32_t opaque = table.add(Clock::time_point::max(), [](auto) {});
    EXPECT_NE(opaque, kept);
    EXPECT_TRUE(table.take(opaque));
  }
  EXPECT_TRUE(table.take(kept));
}

TEST(OpaqueTable, GivenDeadlinesWhenTimePassesThenThoseThatHaveComeAreTakenOut) {
  OpaqueTable table;
  const auto start = Clock::now();
  EXPECT_EQ(table.earliest(), Clock::time_point::max());
  for (int i = 10; i > 0; --i) table.add(start + std::chrono::seconds(i), [](auto) {});
  EXPECT_EQ(table.earliest(), start + 1s);
  EXPECT_TRUE(table.take_expired(start).empty());
  EXPECT_EQ(table.take_expired(start + 4s).size(), 4u);
  EXPECT_EQ(table.earliest(), start + 5s);
  EXPECT_EQ(table.take_all().size(), 6u);
  EXPECT_TRUE(table.empty());
}

void receive(ReadBuffer& buffer, std::string_view bytes, std::size_t whole = 0) {
  while (!bytes.empty()) {
    auto room = buffer.prepare(whole);
    const std::size_t n = std::min(room.size(), bytes.size());
    std::copy_n(bytes.data(), n, room.data());
    buffer.commit(n);
    bytes.remove_prefix(n);
  }
}

TEST(ReadBuffer, GivenNothingHeldWhenTrimmedThenItHasNoMemory) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  receive(buffer, "abc");
  buffer.consume(3);
  buffer.trim();
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.trim();
}

TEST(ReadBuffer, GivenLittleHeldWhenTrimmedThenItIsKeptInLittleMemory) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  receive(buffer, std::string(50'000, 'a') + "tail");
  buffer.consume(50'000);
  buffer.trim();
  EXPECT_EQ(buffer.view(), "tail");
  EXPECT_EQ(buffer.capacity(), 4'096u);
  receive(buffer, std::string(60'000, 'b'));
  EXPECT_EQ(buffer.view(), "tail" + std::string(60'000, 'b'));
}

TEST(ReadBuffer, GivenAClaimOfALargeFrameWhenLittleHasComeThenMemoryFollowsWhatCame) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  const std::size_t claimed = 16'000'000;
  receive(buffer, std::string(10, 'a'), claimed);
  EXPECT_EQ(buffer.capacity(), BufferPool::kBytes);
  std::string all(10, 'a');
  receive(buffer, std::string(300'000, 'b'), claimed);
  all += std::string(300'000, 'b');
  EXPECT_EQ(buffer.view(), all);
  EXPECT_LE(buffer.capacity(), 2 * all.size());
}

TEST(ReadBuffer, GivenAFrameThatWouldPassTheEndWhenPreparedThenItIsMovedToTheFront) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  receive(buffer, std::string(60'000, 'a') + "front");
  buffer.consume(60'000);
  auto room = buffer.prepare(20'000);
  EXPECT_GE(room.size(), 20'000u - 5);
  EXPECT_EQ(buffer.view(), "front");
  EXPECT_EQ(buffer.capacity(), BufferPool::kBytes);
}

std::string drained(WriteQueue& queue, std::size_t step) {
  std::string all;
  while (!queue.empty()) {
    auto gathered = queue.gather();
    std::string once;
    for (const auto& each : gathered) {
      once.append(static_cast<const char*>(each.data()), std::min(each.size(), step - once.size()));
    }
    all += once;
    queue.consume(once.size());
  }
  return all;
}

TEST(WriteQueue, GivenFramesOfAllSizesWhenDrainedInAnyStepThenTheBytesAreThoseOfTheFrames) {
  for (std::size_t step : {1u, 7u, 1'000u, 100'000u, 100'000'000u}) {
    std::string spare;
    WriteQueue queue(spare);
    std::string expected;
    for (int i = 0; i < 40; ++i) {
      auto command = echo_request(std::string(static_cast<std::size_t>(i * i * 40), static_cast<char>('a' + i % 26)));
      expected += frame_of(command);
      ASSERT_TRUE(queue.push(std::move(command)));
    }
    EXPECT_EQ(queue.bytes(), expected.size());
    EXPECT_TRUE(drained(queue, step) == expected) << step;
    EXPECT_EQ(queue.bytes(), 0u);
  }
}

TEST(WriteQueue, GivenGatheredBytesWhenMoreIsPushedThenTheyStayWhereTheyAre) {
  std::string spare;
  WriteQueue queue(spare);
  ASSERT_TRUE(queue.push(echo_request("a")));
  auto gathered = queue.gather();
  const std::string before(static_cast<const char*>(gathered.begin()->data()), gathered.begin()->size());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(queue.push(echo_request(std::string(1'000, 'b'))));
  EXPECT_EQ(std::string(static_cast<const char*>(gathered.begin()->data()), gathered.begin()->size()), before);
}

TEST(WriteQueue, GivenACommandThatCannotBeExpressedWhenPushedThenNothingIsAppended) {
  std::string spare;
  WriteQueue queue(spare);
  auto bad = wire::make_request(1'000'000);
  bad.serialization = wire::Serialization::rocketmq;
  EXPECT_FALSE(queue.push(wire::Command(bad)));
  EXPECT_TRUE(queue.empty());
  ASSERT_TRUE(queue.push(echo_request("a")));
  EXPECT_FALSE(queue.push(wire::Command(bad)));
  EXPECT_EQ(drained(queue, 1'000), frame_of(echo_request("a")));
}

TEST(Reply, GivenAReplyThatIsOverwrittenWhenUnansweredThenItAnswersSystemError) {
  std::vector<std::int32_t> codes;
  auto request = wire::make_request(1);
  request.opaque = 7;
  Reply::Send send = [&](wire::Command response) {
    EXPECT_EQ(response.opaque, 7);
    codes.push_back(response.code);
  };
  {
    Reply reply(request, send);
    reply = Reply(request, send);
    EXPECT_EQ(codes, (std::vector<std::int32_t>{1}));
    Reply moved(std::move(reply));
    moved.fail({Errc::permission_denied, "no"});
    Reply().send(0);
  }
  EXPECT_EQ(codes, (std::vector<std::int32_t>{1, 16}));
}

TEST(Reply, GivenEveryErrorThenItHasAResponseCodeThatIsNoSuccess) {
  for (int c = 0; c <= static_cast<int>(Errc::internal) + 1; ++c) {
    EXPECT_NE(to_response_code(static_cast<Errc>(c)), 0);
  }
}

}  // namespace
}  // namespace gantry::remoting
