// Callers that do not do their part must cost little, and nothing to others. What good callers see is tested with gRPC's
// own client, in tests/integration.
#include "rpc/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/framing.h"
#include "rpc/status.h"
#include "unit/rpc/raw_client.h"

namespace gantry::rpc {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using testing::HasSubstr;

constexpr const char* kEcho = "/test/Echo";
constexpr const char* kWatch = "/test/Watch";

class RpcServerTest : public testing::Test {
 protected:
  void start(ServerLimits limits) {
    ServerConfig config;
    config.limits = limits;
    server = std::make_unique<Server>(io, config);
    server->unary(kEcho, [](std::string request) -> awaitable<Result<std::string>> { co_return request; });
    server->server_stream(kWatch, [this](std::shared_ptr<Call> call, const std::string&) {
      call->on_gone = [this] { ++gone; };
      watched.push_back(std::move(call));
    });
    ASSERT_TRUE(server->start());
  }
  std::unique_ptr<RawClient> connect(bool takes_answers = true) {
    auto client = std::make_unique<RawClient>(io, server->port(), takes_answers);
    EXPECT_TRUE(until([&] { return client->most_calls() != 100; })) << "nghttp2 takes 100 until it is told";
    return client;
  }
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds within = 10'000ms) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_for(1ms);
    }
    return condition();
  }
  bool echoes(RawClient& client) {
    const auto id = client.call(kEcho, frame_message("hello"), true);
    EXPECT_TRUE(until([&] { return client.answer(id).closed; }));
    return client.answer(id).status() == 0 && client.answer(id).data == frame_message("hello");
  }

  boost::asio::io_context io{1};
  std::vector<std::shared_ptr<Call>> watched;
  int gone = 0;
  std::unique_ptr<Server> server;
};

TEST_F(RpcServerTest, GivenAConnectionThatOpensAllItMayThenOthersAreServed) {
  start({.calls = {.all_max = 20, .one_max = 20, .one_sure = 2}});
  const auto greedy = connect();
  EXPECT_EQ(greedy->most_calls(), 20U);
  for (int i = 0; i < 20; ++i) greedy->call(kWatch, frame_message(""));
  ASSERT_TRUE(until([&] { return server->calls() == 20; }));
  const auto other = connect();
  EXPECT_TRUE(echoes(*other));
  other->call(kWatch, frame_message(""));
  other->call(kWatch, frame_message(""));
  ASSERT_TRUE(until([&] { return server->calls() == 22; }));
  const auto third = other->call(kWatch, frame_message(""));
  ASSERT_TRUE(until([&] { return other->answer(third).closed; }));
  EXPECT_EQ(other->answer(third).status(), static_cast<int>(Code::resource_exhausted));
}

// KEDA keeps one connection for all ScaledObjects of an address, with two streams for each external-push trigger.
TEST_F(RpcServerTest, GivenTheStreamsOfThousandsOfScaledObjectsOnOneConnectionThenAllAreServed) {
  start({});
  const auto keda = connect();
  EXPECT_GE(keda->most_calls(), 4'000U);
  for (int i = 0; i < 4'000; ++i) keda->call(kWatch, frame_message("a trigger"), true);
  ASSERT_TRUE(until([&] { return watched.size() == 4'000; }));
  EXPECT_TRUE(echoes(*keda));
  for (const auto& call : watched) call->send("active");
  EXPECT_TRUE(until([&] { return keda->answer(1).data.size() + keda->answer(7'999).data.size() == 22; }));
}

TEST_F(RpcServerTest, GivenARequestThatDoesNotComeThenTheCallEndsAtItsDeadline) {
  struct Row {
    const char* method;
    std::string bytes;
  };
  start({.caller_timeout = 50ms});
  const auto client = connect();
  for (const Row& row : {Row{kEcho, ""},
                         {kEcho, frame_message("hello").substr(0, 7)},
                         {kWatch, ""},
                         {kWatch, frame_message("hello").substr(0, 3)}}) {
    const auto id = client->call(row.method, row.bytes);
    ASSERT_TRUE(until([&] { return client->answer(id).closed; })) << row.method;
    EXPECT_EQ(client->answer(id).status(), static_cast<int>(Code::deadline_exceeded));
    EXPECT_THAT(client->answer(id).headers["grpc-message"], HasSubstr("no whole request within 50 ms"));
  }
  EXPECT_EQ(server->calls(), 0U);
  const auto stream = client->call(kWatch, frame_message(""));
  ASSERT_TRUE(until([&] { return !watched.empty(); }));
  EXPECT_FALSE(until([&] { return client->answer(stream).closed; }, 200ms)) << "a stream that has its request stays";
}

TEST_F(RpcServerTest, GivenHalfMessagesThenNoMoreOfThemAreKeptThanTheBudgetHasAndOthersAreServed) {
  start({.unfinished_bytes = {.all_max = 100'000, .one_max = 60'000, .one_sure = 1'000}});
  const std::string half = frame_message(std::string(40'000, 'x')).substr(0, 20'000);
  std::vector<std::unique_ptr<RawClient>> clients;
  std::size_t refused = 0;
  for (int i = 0; i < 3; ++i) {
    RawClient& client = *clients.emplace_back(connect());
    std::vector<std::int32_t> ids;
    for (int j = 0; j < 5; ++j) ids.push_back(client.call(kEcho, half));
    const std::size_t kept_max = i < 2 ? 3 : 0;
    EXPECT_TRUE(until([&] { return client.closed_calls() >= 5 - kept_max; })) << i << ": " << client.closed_calls();
    for (const auto id : ids) {
      if (!client.answer(id).closed) continue;
      EXPECT_EQ(client.answer(id).status(), static_cast<int>(Code::resource_exhausted));
      ++refused;
    }
  }
  EXPECT_GE(refused, 10U) << "100,000 bytes are at most five halves";
  const auto good = connect();
  EXPECT_TRUE(echoes(*good)) << "what is whole at once is never refused";
  const std::string whole = frame_message(std::string(900, 'y'));
  const auto slow = good->call(kEcho, whole.substr(0, 500));
  good->send(slow, whole.substr(500));
  EXPECT_TRUE(until([&] { return good->answer(slow).data == whole; })) << "what each connection has for certain";
  clients.clear();
  ASSERT_TRUE(until([&] { return server->connections() == 1; }));
  RawClient& again = *clients.emplace_back(connect());
  const auto id = again.call(kEcho, half);
  again.send(id, frame_message(std::string(40'000, 'x')).substr(20'000));
  EXPECT_TRUE(until([&] { return again.answer(id).data.size() == 40'005; })) << "the budget is there again";
}

TEST_F(RpcServerTest, GivenACallerThatTakesNoAnswersThenItsCallIsResetAndNothingIsKept) {
  start({});
  const auto client = connect(false);
  const auto id = client->call(kWatch, frame_message(""));
  ASSERT_TRUE(until([&] { return !watched.empty(); }));
  const std::string answer(1'000, 'a');
  for (int i = 0; i < 100; ++i) watched.front()->send(answer);
  EXPECT_FALSE(watched.front()->is_open());
  ASSERT_TRUE(until([&] { return client->answer(id).closed; }));
  EXPECT_EQ(client->answer(id).reset, static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(server->calls(), 0U);
}

TEST_F(RpcServerTest, GivenManyCallersThatTakeNoAnswersThenWhatIsKeptForThemHasALimit) {
  start({.unsent_bytes = {.all_max = 50'000, .one_max = 30'000, .one_sure = 0}});
  const auto first = connect(false), second = connect(false);
  for (int i = 0; i < 10; ++i) first->call(kWatch, frame_message("")), second->call(kWatch, frame_message(""));
  ASSERT_TRUE(until([&] { return watched.size() == 20; }));
  for (const auto& call : watched) call->send(std::string(9'000, 'a'));
  EXPECT_EQ(std::ranges::count_if(watched, [](const auto& call) { return call->is_open(); }), 5);
  EXPECT_TRUE(until([&] { return gone == 15; }));
}

TEST_F(RpcServerTest, GivenAnAnswerThatIsNotTakenThenItsCallEndsAtTheDeadline) {
  start({.caller_timeout = 50ms});
  const auto client = connect(false);
  const auto id = client->call(kEcho, frame_message("hello"), true);
  ASSERT_TRUE(until([&] { return client->answer(id).closed; }));
  EXPECT_EQ(client->answer(id).reset, static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(server->calls(), 0U);
}

}  // namespace
}  // namespace gantry::rpc
