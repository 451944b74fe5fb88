// What clients are told, and what comes all the same, when the disk is slow or cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pop_fixture.h"
#include "unit/store/losing_file_system.h"

namespace gantry::broker {
namespace {

using testing::HasSubstr;

wire::Command sending(std::string body, std::map<std::string, std::string> properties = {}) {
  auto command = wire::make_request(request::kSendMessage, BrokerFixture::send_header("t", 0, std::move(properties)));
  command.body = std::move(body);
  return command;
}

struct FaultyDisk : testing::Test {
  static Config on(std::shared_ptr<store::LosingFileSystem> disk, store::Flush flush) {
    Config config;
    config.flush = flush;
    config.file_system = std::move(disk);
    return config;
  }
  // Messages that lie in files and in no cache.
  static void fill(PopFixture& f) {
    std::vector<std::shared_ptr<BrokerFixture::Pending>> sent;
    for (int i = 0; i < 100; ++i) {
      sent.push_back(f.begin(sending(std::string(4000, 'm'))));
    }
    ASSERT_TRUE(f.run_until([&] { return std::ranges::all_of(sent, [](auto& one) { return one->done(); }); }));
    f.restart();
  }
  static std::int64_t wall_clock_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  std::shared_ptr<store::LosingFileSystem> disk = std::make_shared<store::LosingFileSystem>();
};

TEST_F(FaultyDisk, GivenAnAcknowledgementBehindASlowWriteWhenTheBrokerStopsThenItIsKept) {
  PopFixture f(on(disk, store::Flush::sync));
  f.send_all({"1", "2"});
  const auto popped = f.pop(f.pop_header());
  ASSERT_EQ(popped.size(), 2u);
  disk->hold_syncs(true);
  const auto a_while = [&] { f.run_until([end = wall_clock_ms() + 100] { return wall_clock_ms() > end; }); };
  auto sent = f.begin(sending("in the disk's hands"));
  a_while();
  auto acknowledged = f.begin(wire::make_request(request::kAckMessage, PopFixture::ack_header(popped[0])));
  a_while();
  EXPECT_FALSE(acknowledged->done());
  disk->hold_syncs(false);
  f.restart();
  EXPECT_EQ(f.pop_stats().pop_in_flight, 1);
}

TEST_F(FaultyDisk, GivenATopicDeletedWhileItsRevivalWaitsForTheDiskThenTheNewTopicIsNotTouchedByIt) {
  PopFixture f(on(disk, store::Flush::sync));
  f.send_all({"old 1", "old 2"});
  auto header = f.pop_header(100);
  const auto popped = f.pop(header);
  ASSERT_EQ(popped.size(), 2u);
  ASSERT_EQ(f.ack(popped[0]), code::kSuccess);
  disk->hold_syncs(true);
  auto sent = f.begin(sending("in the disk's hands"));
  f.run_until([end = wall_clock_ms() + 300] { return wall_clock_ms() > end; });  // what is left is revived meanwhile
  wire::Command deletion = wire::make_request(request::kDeleteTopicInBroker);
  deletion.fields.add("topic", "t");
  auto deleted = f.begin(std::move(deletion));
  f.run_until([end = wall_clock_ms() + 50] { return wall_clock_ms() > end; });
  disk->hold_syncs(false);
  ASSERT_TRUE(f.run_until([&] { return sent->done() && deleted->done(); }));
  f.send_all({"new 1", "new 2"});
  f.restart();
  std::vector<std::string> bodies;
  for (const Popped& message : f.pop(f.pop_header())) {
    if (message.topic == "t") bodies.push_back(message.body);
  }
  EXPECT_THAT(bodies, testing::ElementsAre("new 1", "new 2"));
}

TEST_F(FaultyDisk, GivenADelayThatIsOverBeforeItsMessageIsDurableThenTheMessageComesAllTheSame) {
  PopFixture f(on(disk, store::Flush::sync));
  f.send("t", 0, "before");
  disk->hold_syncs(true);
  auto sent = f.begin(sending("delayed", {{"TIMER_DELAY_MS", "30"}}));
  const std::int64_t begun = wall_clock_ms();
  f.run_until([&] { return wall_clock_ms() > begun + 200; });  // the disk is slower than the delay
  EXPECT_FALSE(sent->done());
  disk->hold_syncs(false);
  EXPECT_TRUE(f.run_until([&] { return f.bodies("t", 0).size() == 2; }, std::chrono::seconds(3)));
}

TEST_F(FaultyDisk, GivenADelayedMessageInTheDisksHandsThenItIsDeliveredOnce) {
  PopFixture f(on(disk, store::Flush::sync));
  f.send("t", 0, "before");
  f.send("t", 0, "first", {{"TIMER_DELAY_MS", "50"}});
  f.send("t", 0, "second", {{"TIMER_DELAY_MS", "150"}});
  disk->hold_syncs(true);
  const std::int64_t begun = wall_clock_ms();
  f.run_until([&] { return wall_clock_ms() > begun + 300; });
  disk->hold_syncs(false);
  ASSERT_TRUE(f.run_until([&] { return f.bodies("t", 0).size() >= 3; }, std::chrono::seconds(3)));
  f.send("t", 0, "last");
  EXPECT_EQ(f.bodies("t", 0).size(), 4u);
}

TEST_F(FaultyDisk, GivenDelaysBeyondAllNumbersThenTheyAreRefusedOrDue) {
  PopFixture f;
  f.send("t", 0, "before");
  EXPECT_NE(f.try_send("t", 0, "x", {{"TIMER_DELAY_MS", "9223372036854775807"}}).code, code::kSuccess);
  EXPECT_NE(f.try_send("t", 0, "x", {{"TIMER_DELAY_SEC", "9223372036854775807"}}).code, code::kSuccess);
  EXPECT_NE(f.try_send("t", 0, "x", {{"TIMER_DELIVER_MS", "9223372036854775807"}}).code, code::kSuccess);
  EXPECT_EQ(f.try_send("t", 0, "x", {{"TIMER_DELIVER_MS", "-9223372036854775808"}}).code, code::kSuccess);
  EXPECT_EQ(f.try_send("t", 0, "x", {{"TIMER_DELAY_MS", "-9223372036854775808"}}).code, code::kSuccess);
  EXPECT_EQ(f.bodies("t", 0).size(), 3u);
}

TEST_F(FaultyDisk, GivenADiskThatCannotBeReadThenPullAndPopSaySo) {
  PopFixture f(on(disk, store::Flush::async));
  fill(f);
  disk->set_unreadable(true);
  const auto pulled = f.pull("readers", "t", 0, 0);
  EXPECT_EQ(pulled.code, code::kSystemError);
  EXPECT_THAT(pulled.remark, HasSubstr("cannot be read"));
  auto header = PopFixture::pop_header();
  header.poll_time_ms = 60'000;
  const auto popped = f.call(request::kPopMessage, header);
  EXPECT_EQ(popped.code, code::kSystemError);
  EXPECT_THAT(popped.remark, HasSubstr("cannot be read"));
  auto ordered = PopFixture::ordered_header("attempt");
  EXPECT_EQ(f.call(request::kPopMessage, ordered).code, code::kSystemError);

  disk->set_unreadable(false);
  EXPECT_FALSE(f.bodies("t", 0).empty());
  EXPECT_EQ(f.pop(PopFixture::pop_header()).size(), 32u);
}

TEST_F(FaultyDisk, GivenADeletionThatWaitsForTheDiskThenWhoAsksAgainWaitsToo) {
  PopFixture f(on(disk, store::Flush::sync));
  f.send("t", 0, "m");
  disk->hold_syncs(true);
  const auto deletion = [] {
    auto command = wire::make_request(request::kDeleteTopicInBroker);
    command.fields.add("topic", "t");
    return command;
  };
  auto first = f.begin(deletion());
  auto second = f.begin(deletion());
  (void)f.call(request::kGetAllTopicConfig, {});  // answered in order on the same connection
  EXPECT_FALSE(first->done());
  EXPECT_FALSE(second->done());
  disk->hold_syncs(false);
  EXPECT_TRUE(f.run_until([&] { return first->done() && second->done(); }));
  EXPECT_EQ((*second->answer)->code, code::kSuccess);
}

TEST_F(FaultyDisk, GivenMessagesThatCannotComeBackThenTheyDoWhenTheDiskIsReadAgain) {
  PopFixture f(on(disk, store::Flush::async));
  fill(f);
  ASSERT_EQ(f.pop(PopFixture::pop_header(1'000)).size(), 32u);
  f.restart();  // what the pop read is in no cache then
  disk->set_unreadable(true);
  const std::int64_t begun = wall_clock_ms();
  f.run_until([&] { return wall_clock_ms() > begun + 1'500; });  // the time of the batch is over
  EXPECT_EQ(f.bodies("%RETRY%g_t", 0).size(), 0u);
  disk->set_unreadable(false);
  EXPECT_TRUE(f.run_until([&] { return !f.bodies("%RETRY%g_t", 0).empty(); }));
}

TEST_F(FaultyDisk, GivenDamagedRecordsThenTheirBatchIsNotTriedForEver) {
  PopFixture f(on(disk, store::Flush::async));
  fill(f);
  ASSERT_EQ(f.pop(PopFixture::pop_header(1'000)).size(), 32u);
  f.restart();
  disk->set_damaged(true);
  EXPECT_TRUE(f.run_until([&] { return f.committed() == 32; }, std::chrono::seconds(5)));
}

TEST_F(FaultyDisk, GivenMessagesLostWithThePowerThenGroupsDoNotPassOverTheNextOnes) {
  PopFixture f;
  for (int i = 0; i < 10; ++i) f.send("t", 0, "old");
  ASSERT_EQ(f.pop(PopFixture::pop_header(60'000)).size(), 10u);
  ASSERT_EQ(f.call(request::kUpdateConsumerOffset,
                   {{"consumerGroup", "pullers"}, {"topic", "t"}, {"queueId", "0"}, {"commitOffset", "10"}})
                .code,
            code::kSuccess);
  f.client.reset();
  f.broker.reset();
  f.io.restart();
  f.io.poll();
  for (const auto& file : std::filesystem::directory_iterator(f.directory + "/log"))
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  f.start();
  const std::size_t kept = f.bodies("t", 0).size();
  ASSERT_LT(kept, 10u);
  const auto offset =
      f.call(request::kQueryConsumerOffset, {{"consumerGroup", "pullers"}, {"topic", "t"}, {"queueId", "0"}});
  EXPECT_EQ(offset.fields.get("offset"), std::to_string(kept));
  f.send("t", 0, "new");
  const auto popped = f.pop(PopFixture::pop_header());
  ASSERT_FALSE(popped.empty());
  EXPECT_EQ(popped.size(), kept + 1) << "what was in flight comes again, and then the new one";
}

TEST(Pop, GivenAsManyInFlightAsMayBeThenAnAcknowledgementWakesWhoWaits) {
  PopFixture f;
  constexpr int messages = 10'000 + 40;
  int answered = 0;
  for (int begun = 0; begun < messages;) {
    std::vector<std::shared_ptr<BrokerFixture::Pending>> sent;
    for (int i = 0; i < 500 && begun < messages; ++i, ++begun) {
      sent.push_back(f.begin(sending("m")));
    }
    ASSERT_TRUE(f.run_until([&] { return std::ranges::all_of(sent, [](auto& one) { return one->done(); }); }));
    answered += static_cast<int>(sent.size());
  }
  ASSERT_EQ(answered, messages);
  std::vector<Popped> first = f.pop(PopFixture::pop_header());
  for (std::size_t taken = first.size(); taken < 10'000;) {
    const auto more = f.pop(PopFixture::pop_header()).size();
    ASSERT_GT(more, 0u);
    taken += more;
  }
  EXPECT_FALSE(f.has_message()) << "no more may be handed out now";
  auto header = PopFixture::pop_header();
  header.poll_time_ms = 60'000;
  auto waits = f.begin(wire::make_request(request::kPopMessage, header));
  for (const Popped& message : first) ASSERT_EQ(f.ack(message), code::kSuccess);
  ASSERT_TRUE(f.run_until([&] { return waits->done(); }, std::chrono::seconds(3)));
  EXPECT_FALSE(PopFixture::popped(**waits->answer).empty());
}

}  // namespace
}  // namespace gantry::broker
