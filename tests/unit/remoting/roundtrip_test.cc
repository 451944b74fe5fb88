#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "unit/remoting/support.h"

namespace gantry::remoting {
namespace {

namespace rc = wire::response_code;

using Roundtrip = RemotingTest;

TEST_F(Roundtrip, GivenAnEchoHandlerWhenCalledThenItsAnswerComesUnderTheSerializationOfTheRequest) {
  start();
  Client client(io, {});
  for (auto serialization : {wire::Serialization::json, wire::Serialization::rocketmq}) {
    auto request = echo_request("hello");
    request.serialization = serialization;
    auto response = call(client, request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_TRUE(response->is_response());
    EXPECT_EQ(response->code, rc::kSuccess);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->serialization, serialization);
  }
  EXPECT_EQ(server->stats().accepted, 1u) << "both calls share one connection";
}

TEST_F(Roundtrip, GivenACoroutineWhenItCallsThenItGetsTheAnswer) {
  start();
  Client client(io, {});
  std::optional<Result<wire::Command>> result;
  asio::co_spawn(
      io, [&]() -> asio::awaitable<void> { result = co_await client.call(address, echo_request("co"), 5s); },
      asio::detached);
  ASSERT_TRUE(until([&] { return result.has_value(); }));
  ASSERT_TRUE(*result);
  EXPECT_EQ((*result)->body, "co");
}

TEST_F(Roundtrip, GivenACoroutineThatWaitsWhenItIsCancelledThenItGoesOnAtOnce) {
  using namespace asio::experimental::awaitable_operators;
  start();
  std::vector<Reply> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request.reply)); });
  Client client(io, {});
  bool over = false;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        asio::steady_timer timer(io, 20ms);
        auto which =
            co_await (client.call(address, wire::make_request(1), 60s) || timer.async_wait(asio::use_awaitable));
        EXPECT_EQ(which.index(), 1u);
        over = true;
      },
      asio::detached);
  EXPECT_TRUE(until([&] { return over; }));
  held.clear();  // the late answers of dropped replies find nobody
  EXPECT_TRUE(call(client, echo_request()));
}

TEST_F(Roundtrip, GivenManyCallsAtOnceWhenAnsweredInReverseThenEachGetsItsOwn) {
  start();
  std::vector<Request> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request)); });
  Client client(io, {});
  constexpr int kCalls = 500;
  int right = 0;
  for (int i = 0; i < kCalls; ++i) {
    auto request = wire::make_request(1);
    request.body = std::to_string(i);
    client.call(address, std::move(request), 10s, [&right, i](Result<wire::Command> response) {
      right += response && response->body == std::to_string(i);
    });
  }
  ASSERT_TRUE(until([&] { return held.size() == kCalls; }));
  while (!held.empty()) {
    echo(std::move(held.back()));
    held.pop_back();
  }
  EXPECT_TRUE(until([&] { return right == kCalls; }));
}

TEST_F(Roundtrip, GivenBodiesOfEverySizeWhenEchoedThenTheyComeBackWhole) {
  start();
  Client client(io, {});
  for (std::size_t size : {0u, 1u, 4'095u, 4'096u, 4'097u, 65'530u, 65'536u, 70'000u, 1'000'000u, 15'000'000u}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
    auto response = call(client, echo_request(body));
    ASSERT_TRUE(response) << size << ": " << response.error().message;
    EXPECT_TRUE(response->body == body) << size;
  }
}

TEST_F(Roundtrip, GivenLargeAndSmallBodiesMixedWhenPipelinedThenTheirOrderAndContentHold) {
  start();
  Client client(io, {});
  int right = 0;
  constexpr int kCalls = 300;
  for (int i = 0; i < kCalls; ++i) {
    std::string body(static_cast<std::size_t>(i % 7 == 0 ? 90'000 + i : i), static_cast<char>('a' + i % 26));
    client.call(address, echo_request(body), 10s,
                [&right, body](Result<wire::Command> response) { right += response && response->body == body; });
  }
  EXPECT_TRUE(until([&] { return right == kCalls; }));
}

TEST_F(Roundtrip, GivenAnUnknownCodeWhenCalledThenItIsNotSupportedOnBothEnds) {
  start();
  Client client(io, {});
  auto response = call(client, wire::make_request(4'711));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->code, rc::kRequestCodeNotSupported);
  EXPECT_EQ(response->remark, "request code 4711 is not supported");

  server->handle_others([](Request request) { request.reply.send(rc::kNoPermission, "others"); });
  EXPECT_EQ(call(client, wire::make_request(4'711))->remark, "others");
}

TEST_F(Roundtrip, GivenAnAuthorizationWhenItRefusesThenTheHandlerDoesNotRun) {
  start();
  server->authorize([](const wire::Command& command, const Peer& peer) -> Result<void> {
    EXPECT_TRUE(peer.address().starts_with("127.0.0.1:")) << peer.address();
    if (command.code == kEcho) return fail(Errc::permission_denied, "not you");
    return {};
  });
  Client client(io, {});
  auto response = call(client, echo_request());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->code, rc::kNoPermission);
  EXPECT_EQ(response->remark, "not you");
}

TEST_F(Roundtrip, GivenAHandlerThatForgetsThrowsOrAnswersTwiceThenTheClientGetsExactlyOneAnswer) {
  start();
  server->handle(1, [](Request) {});
  server->handle(2, [](Request) { throw std::runtime_error("a fault"); });
  server->handle(3, [](Request request) {
    request.reply.send(rc::kSuccess, "first");
    EXPECT_FALSE(request.reply.pending());
    request.reply.send(rc::kSuccess, "second");
  });
  Client client(io, {});
  EXPECT_EQ(call(client, wire::make_request(1))->code, rc::kSystemError);
  EXPECT_EQ(call(client, wire::make_request(2))->code, rc::kSystemError);
  EXPECT_EQ(call(client, wire::make_request(3))->remark, "first");
  EXPECT_EQ(call(client, echo_request("still there"))->body, "still there");
}

TEST_F(Roundtrip, GivenAOnewayRequestWhenHandledThenNothingIsAnswered) {
  start();
  int seen = 0;
  server->handle(1, [&](Request request) {
    EXPECT_TRUE(request.command.is_oneway());
    EXPECT_FALSE(request.reply.pending());
    request.reply.send(rc::kSuccess);
    ++seen;
  });
  Client client(io, {});
  client.oneway(address, wire::make_request(1));
  client.oneway(address, wire::make_request(1));
  EXPECT_TRUE(until([&] { return seen == 2; }));
  client.oneway("nonsense", wire::make_request(1));
  EXPECT_TRUE(call(client, echo_request()));
}

TEST_F(Roundtrip, GivenAServerThatAsksTheClientWhenItAnswersThenTheServerGetsTheAnswer) {
  start();
  std::shared_ptr<Peer> peer;
  server->handle(1, [&](Request request) {
    peer = request.from;
    request.reply.send(rc::kSuccess);
  });
  Client client(io, {});
  int notified = 0;
  client.handle(40, [&](Request request) {
    EXPECT_TRUE(request.command.is_oneway());
    ++notified;
  });
  client.handle(307, [](Request request) {
    auto response = request.reply.response(rc::kSuccess);
    response.body = "running, asked by " + std::string(request.from->address());
    request.reply.send(std::move(response));
  });
  ASSERT_TRUE(call(client, wire::make_request(1)));
  ASSERT_TRUE(peer->is_open());
  peer->send_oneway(wire::make_request(40));
  std::optional<Result<wire::Command>> answer;
  peer->send_request(wire::make_request(307), 5s, [&](Result<wire::Command> r) { answer = std::move(r); });
  ASSERT_TRUE(until([&] { return answer && notified == 1; }));
  EXPECT_EQ((*answer)->body, "running, asked by " + address);

  answer.reset();
  peer->send_request(wire::make_request(999), 5s, [&](Result<wire::Command> r) { answer = std::move(r); });
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ((*answer)->code, rc::kRequestCodeNotSupported);
}

TEST_F(Roundtrip, GivenAPeerWhenItClosesThenOnClosedIsCalledOnceAndSendsAreRefused) {
  start();
  std::vector<std::uint64_t> closed;
  server->on_closed([&](const std::shared_ptr<Peer>& peer, const Closing&) { closed.push_back(peer->id()); });
  std::shared_ptr<Peer> peer;
  server->handle(1, [&](Request request) {
    peer = request.from;
    request.reply.send(rc::kSuccess);
  });
  {
    Client client(io, {});
    ASSERT_TRUE(call(client, wire::make_request(1)));
    EXPECT_EQ(peer->endpoint().address().to_string(), "127.0.0.1");
  }
  ASSERT_TRUE(until([&] { return !closed.empty(); }));
  run_ready(io);
  EXPECT_EQ(closed, std::vector{peer->id()});
  EXPECT_FALSE(peer->is_open());
  peer->send_oneway(wire::make_request(40));
  peer->close();
  std::optional<Result<wire::Command>> answer;
  peer->send_request(wire::make_request(307), 5s, [&](Result<wire::Command> r) { answer = std::move(r); });
  EXPECT_FALSE(answer) << "called back from within send_request()";
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().code, Errc::unavailable);
}

TEST_F(Roundtrip, GivenASignHookWhenCallingThenEveryRequestCarriesWhatItAdds) {
  start();
  std::vector<std::string> keys;
  server->handle(1, [&](Request request) {
    keys.emplace_back(request.command.fields.get("AccessKey"));
    request.reply.send(rc::kSuccess);
  });
  ClientConfig config;
  config.sign = [](wire::Command& command) { command.fields.set("AccessKey", "me"); };
  Client client(io, config);
  client.oneway(address, wire::make_request(1));
  ASSERT_TRUE(call(client, wire::make_request(1)));
  EXPECT_EQ(keys, (std::vector<std::string>{"me", "me"}));
}

TEST_F(Roundtrip, GivenAnIpv6ListenerWhenCalledThenThePeerIsShownInBrackets) {
  ServerConfig config;
  config.host = "::1";
  server.emplace(io, config);
  if (!server->start()) GTEST_SKIP() << "no IPv6 on this machine";
  std::string seen;
  server->handle(1, [&](Request request) {
    seen = request.from->address();
    request.reply.send(rc::kSuccess);
  });
  Client client(io, {});
  ASSERT_TRUE(call(client, "[::1]:" + std::to_string(server->port()), wire::make_request(1)));
  EXPECT_TRUE(seen.starts_with("[::1]:")) << seen;
}

TEST_F(Roundtrip, GivenAHostNameWhenCalledThenItIsResolved) {
  start();
  Client client(io, {});
  EXPECT_TRUE(call(client, "localhost:" + std::to_string(server->port()), echo_request()));
}

// So that the peer works on the first answers while the rest are made; else the two of them take turns.
TEST_F(Roundtrip, GivenManyAnswersInOneTurnThenTheFirstAreWrittenBeforeItEnds) {
  start();
  std::vector<Reply> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request.reply)); });
  RawPeer peer(io, server->port());
  for (int i = 0; i < 40; ++i) peer.send(frame_of(wire::make_request(1)));
  ASSERT_TRUE(until([&] { return held.size() == 40; }));

  held[0].send(0);
  EXPECT_EQ(peer.socket().available(), 0u) << "few answers wait for the end of the turn and go out together";
  for (std::size_t i = 1; i < 16; ++i) held[i].send(0);
  const std::size_t first = peer.socket().available();
  EXPECT_GT(first, 0u);
  held[16].send(0);
  EXPECT_EQ(peer.socket().available(), first) << "then they gather again";
  for (std::size_t i = 17; i < held.size(); ++i) held[i].send(0);
  std::size_t answered = 0;
  EXPECT_TRUE(until([&] { return (answered += peer.take_frames().size()) == 40; }));
}

// What was stored and answered in the turn of the stop would look lost to its sender.
TEST_F(Roundtrip, GivenAnswersOfTheSameTurnWhenTheServerStopsThenTheyAreWrittenFirst) {
  start();
  std::vector<Reply> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request.reply)); });
  RawPeer peer(io, server->port());
  for (int i = 0; i < 3; ++i) peer.send(frame_of(wire::make_request(1)));
  ASSERT_TRUE(until([&] { return held.size() == 3; }));
  for (Reply& reply : held) reply.send(0);
  server->stop();
  EXPECT_TRUE(until([&] { return peer.closed(); }));
  EXPECT_EQ(peer.take_frames().size(), 3u);
}

TEST_F(Roundtrip, GivenALargeAnswerThenItIsWrittenAtOnce) {
  start();
  std::optional<Reply> held;
  server->handle(1, [&](Request request) { held.emplace(std::move(request.reply)); });
  RawPeer peer(io, server->port());
  peer.send(frame_of(wire::make_request(1)));
  ASSERT_TRUE(until([&] { return held.has_value(); }));
  auto response = held->response(0);
  response.body.assign(100'000, 'x');
  held->send(std::move(response));
  EXPECT_GT(peer.socket().available(), 0u);
}

TEST_F(Roundtrip, GivenAnotherProtocolOnThePortWhenItsFirstByteComesThenTheConnectionIsHandedOverUnread) {
  std::optional<tcp::socket> taken;
  OtherProtocol other{'G', [&](tcp::socket socket, const tcp::endpoint&) { taken = std::move(socket); }};
  ServerConfig config;
  config.other = std::make_shared<const OtherProtocol>(std::move(other));
  start(config);
  RawPeer peer(io, server->port());
  peer.send("Ghello");
  ASSERT_TRUE(until([&] { return taken && taken->available() == 6; }));
  std::string bytes(6, ' ');
  EXPECT_EQ(taken->receive(asio::buffer(bytes)), 6u);
  EXPECT_EQ(bytes, "Ghello");
  EXPECT_EQ(server->stats().connections, 0u) << "it is not the server's any more";
  EXPECT_FALSE(peer.closed());

  Client client(io, {});
  auto response = call(client, echo_request("remoting still works"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "remoting still works");
}

}  // namespace
}  // namespace gantry::remoting
