// What a server does with peers that misbehave, and a client with servers that do.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/acceptor.h"
#include "net/open_files.h"
#include "unit/remoting/support.h"

namespace gantry::remoting {
namespace {

namespace rc = wire::response_code;

using Faults = RemotingTest;

TEST_F(Faults, GivenGarbageWhenReceivedThenTheConnectionIsClosedAndOthersGoOn) {
  start();
  const std::string whole = frame_of(echo_request("x"));
  std::string bad_serialization = whole;
  bad_serialization[4] = 0x7f;
  std::string bad_header = whole;
  for (std::size_t i = 8; i < bad_header.size(); ++i) bad_header[i] = '{';
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"TLS, where none is spoken", std::string("\x16\x03\x01\x02\x00", 5)},
      {"a length of all ones", std::string(64, '\xff')},
      {"an oversize length", std::string("\x7f\x00\x00\x00", 4)},
      {"a length of 0", std::string(8, '\0')},
      {"a header longer than the frame", std::string("\0\0\0\x08\0\xff\xff\xff\0\0\0\0", 12)},
      {"an unknown serialization", bad_serialization},
      {"a header that is no JSON", bad_header},
  };
  Client client(io, {});
  for (const auto& [name, bytes] : cases) {
    RawPeer peer(io, server->port());
    peer.send(bytes);
    EXPECT_TRUE(until([&] { return peer.closed(); })) << name;
    EXPECT_EQ(peer.received(), "") << name;
    EXPECT_TRUE(call(client, echo_request())) << name;
  }
}

TEST_F(Faults, GivenAFrameInPiecesWhenTheLastComesThenItIsAnswered) {
  start();
  RawPeer peer(io, server->port());
  const std::string bytes = frame_of(echo_request("in pieces")) + frame_of(echo_request("second"));
  for (char c : bytes) {
    peer.send(std::string(1, c));
    run_ready(io);
  }
  std::vector<wire::Command> answers;
  ASSERT_TRUE(until([&] {
    for (auto& frame : peer.take_frames()) answers.push_back(std::move(frame));
    return answers.size() == 2;
  }));
  EXPECT_EQ(answers[0].body, "in pieces");
  EXPECT_EQ(answers[1].body, "second");
}

TEST_F(Faults, GivenATruncatedFrameWhenThePeerHangsUpThenTheConnectionIsForgotten) {
  start();
  for (std::size_t keep : {1u, 3u, 4u, 7u, 20u}) {
    RawPeer peer(io, server->port());
    peer.send(frame_of(echo_request("x")).substr(0, keep));
    ASSERT_TRUE(until([&] { return server->stats().connections == 1; }));
    peer.socket().shutdown(tcp::socket::shutdown_send);
    EXPECT_TRUE(until([&] { return server->stats().connections == 0 && peer.closed(); }));
  }
}

TEST_F(Faults, GivenASlowSenderWhenAFrameIsNotWholeInTimeThenItIsClosedAndTheQuickOneIsNot) {
  ServerConfig config;
  config.limits.frame_timeout = 60ms;
  start(config);
  Client client(io, {});
  ASSERT_TRUE(call(client, echo_request()));
  RawPeer slow(io, server->port());
  RawPeer silent(io, server->port());
  slow.send(frame_of(echo_request("x")).substr(0, 10));
  EXPECT_TRUE(until([&] { return slow.closed(); }));
  EXPECT_FALSE(silent.closed()) << "no frame was begun";
  EXPECT_TRUE(call(client, echo_request()));
  EXPECT_EQ(server->stats().accepted, 3u);
}

TEST_F(Faults, GivenASilentPeerWhenItIsIdleTooLongThenItIsClosedAndTheBusyOneIsNot) {
  ServerConfig config;
  config.limits.idle_timeout = 80ms;
  start(config);
  RawPeer silent(io, server->port());
  Client client(io, {});
  while (!silent.closed()) {
    ASSERT_TRUE(call(client, echo_request()));
  }
  EXPECT_EQ(server->stats().accepted, 2u);
}

TEST_F(Faults, GivenTooManyConnectionsWhenOneMoreComesThenItIsClosedAtOnceAndCounted) {
  ServerConfig config;
  config.limits.connections_max = 2;
  start(config);
  RawPeer first(io, server->port());
  RawPeer second(io, server->port());
  ASSERT_TRUE(until([&] { return server->stats().connections == 2; }));
  RawPeer third(io, server->port());
  RawPeer fourth(io, server->port());
  EXPECT_TRUE(until([&] { return third.closed() && fourth.closed(); }));
  EXPECT_EQ(server->stats().refused, 2u);
  first.send(frame_of(echo_request("x")));
  EXPECT_TRUE(until([&] { return !first.received().empty(); }));
}

TEST_F(Faults, GivenRequestsWithoutAnswersWhenTheLimitIsReachedThenReadingStopsUntilOneGoesOut) {
  ServerConfig config;
  config.limits.in_flight_max = 3;
  start(config);
  std::vector<Request> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request)); });
  RawPeer peer(io, server->port());
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += frame_of(wire::make_request(1));
  peer.send(ten);
  ASSERT_TRUE(until([&] { return held.size() == 3; }));
  run_ready(io);
  EXPECT_EQ(held.size(), 3u);
  for (std::size_t answered = 1; answered <= 10; ++answered) {
    ASSERT_FALSE(held.empty());
    held.front().reply.send(rc::kSuccess);
    held.erase(held.begin());
    const std::size_t expected = std::min<std::size_t>(3, 10 - answered);
    ASSERT_TRUE(until([&] { return held.size() == expected; }));
    run_ready(io);
    EXPECT_EQ(held.size(), expected);
  }
  std::size_t answers = 0;
  EXPECT_TRUE(until([&] { return (answers += peer.take_frames().size()) == 10; }));
}

TEST_F(Faults, GivenLargeRequestsWithoutAnswersWhenTheirBytesReachTheLimitThenReadingStops) {
  ServerConfig config;
  config.limits.in_flight_bytes_max = 100'000;
  start(config);
  std::vector<Request> held;
  server->handle(kEcho, [&](Request request) { held.push_back(std::move(request)); });
  Client client(io, {});
  int answered = 0;
  for (int i = 0; i < 6; ++i) {
    client.call(address, echo_request(std::string(60'000, 'x')), 10s,
                [&](auto response) { answered += response.has_value(); });
  }
  ASSERT_TRUE(until([&] { return held.size() == 2; }));
  run_ready(io);
  EXPECT_EQ(held.size(), 2u);
  EXPECT_TRUE(until([&] {
    while (!held.empty()) {
      echo(std::move(held.back()));
      held.pop_back();
    }
    return answered == 6;
  }));
}

TEST_F(Faults, GivenAPeerThatReadsNothingWhenAnswersPileUpThenItsRequestsWaitAndMemoryStaysBounded) {
  ServerConfig config;
  config.limits.unsent_bytes_max = 8'000'000;
  start(config);
  int handled = 0;
  server->handle(1, [&](Request request) {
    ++handled;
    auto response = request.reply.response(rc::kSuccess);
    response.body.assign(500'000, 'y');
    request.reply.send(std::move(response));
  });
  RawPeer peer(io, server->port());
  peer.pause_reading();
  std::string many;
  for (int i = 0; i < 200; ++i) many += frame_of(wire::make_request(1));
  peer.send(many);
  ASSERT_TRUE(until([&] { return handled > 0; }));
  for (int i = 0; i < 20; ++i) run_ready(io);
  EXPECT_LT(handled, 60);
  EXPECT_FALSE(peer.closed()) << "a slow reader is waited for, not punished";

  peer.resume_reading();
  EXPECT_TRUE(until([&] { return handled == 200; })) << "once it reads again, so do we: " << handled;
}

TEST_F(Faults, GivenAPeerThatReadsNothingWhenWePushPastTheLimitThenItIsClosed) {
  ServerConfig config;
  config.limits.unsent_bytes_max = 1'000'000;
  start(config);
  std::shared_ptr<Peer> from;
  server->handle(1, [&](Request request) { from = request.from; });
  RawPeer peer(io, server->port());
  peer.send(frame_of(wire::make_request(1)));
  ASSERT_TRUE(until([&] { return from != nullptr; }));
  for (int i = 0; i < 100 && from->is_open(); ++i) {  // the kernel takes the first ones
    auto push = wire::make_request(40);
    push.body.assign(600'000, 'z');
    from->send_oneway(std::move(push));
  }
  EXPECT_FALSE(from->is_open());
}

TEST_F(Faults, GivenManyHalfSentLargeFramesWhenTheirMemoryPassesTheLimitThenTheOnesThatAskForMoreAreClosed) {
  ServerConfig config;
  config.limits.memory_bytes_max = 2'000'000;
  start(config);
  const std::string half = frame_of(echo_request(std::string(1'000'000, 'x'))).substr(0, 700'000);
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(std::make_unique<RawPeer>(io, server->port()));
    peers.back()->send(half);
  }
  EXPECT_TRUE(until([&] { return std::ranges::any_of(peers, [](auto& peer) { return peer->closed(); }); }));
  EXPECT_FALSE(std::ranges::all_of(peers, [](auto& peer) { return peer->closed(); }));
  peers.clear();
  ASSERT_TRUE(until([&] { return server->stats().connections == 0; }));
  Client client(io, {});
  EXPECT_TRUE(call(client, echo_request(std::string(500'000, 'x')))) << "what was held has been given back";
}

// Who takes a closing for the death of the peer must not take ours for it.
TEST_F(Faults, GivenConnectionsThatEndWhenItIsToldThenThePeersDoingIsToldFromOurs) {
  ServerConfig config;
  config.limits.frame_timeout = 50ms;
  config.limits.idle_timeout = 500ms;
  config.limits.unsent_bytes_max = 1'000'000;
  config.limits.memory_bytes_max = 30'000'000;
  config.limits.frame.frame_bytes_max = 100'000'000;
  start(config);
  std::optional<Closing> closing;
  server->on_closed([&](const std::shared_ptr<Peer>&, const Closing& how) { closing = how; });
  std::shared_ptr<Peer> from;
  server->handle(1, [&](Request request) { from = request.from; });
  const std::string request = frame_of(wire::make_request(1));
  const std::string large = frame_of(echo_request(std::string(40'000'000, 'x')));
  const std::tuple<const char*, bool, std::function<void(RawPeer&)>> cases[] = {
      {"it hangs up", true, [](RawPeer& peer) { peer.socket().shutdown(tcp::socket::shutdown_send); }},
      {"it resets", true,
       [](RawPeer& peer) {
         peer.socket().set_option(asio::socket_base::linger(true, 0));
         peer.socket().close();
       }},
      {"garbage", false, [](RawPeer& peer) { peer.send(std::string(64, '\xff')); }},
      {"half a frame for too long", false, [&](RawPeer& peer) { peer.send(request.substr(0, 10)); }},
      {"memory", false, [&](RawPeer& peer) { peer.send(large); }},
      {"answers that are not taken", false,
       [&](RawPeer& peer) {
         peer.pause_reading();
         for (int i = 0; i < 100 && from->is_open(); ++i) {
           auto push = wire::make_request(40);
           push.body.assign(600'000, 'z');
           from->send_oneway(std::move(push));
         }
       }},
      {"we close it", false, [&](RawPeer&) { from->close(); }},
      {"idle", false, [](RawPeer&) {}},
  };
  for (const auto& [what, by_peer, end] : cases) {
    RawPeer peer(io, server->port());
    from.reset();
    closing.reset();
    peer.send(request);
    ASSERT_TRUE(until([&] { return from != nullptr; })) << what;
    end(peer);
    ASSERT_TRUE(until([&] { return closing.has_value(); })) << what;
    EXPECT_EQ(closing->by_peer, by_peer) << what << ": " << closing->why.message;
  }
}

TEST_F(Faults, GivenAnAnswerThatCannotBeExpressedWhenSentThenTheClientStillGetsAnAnswer) {
  start();
  server->handle(1, [](Request request) {
    auto response = request.reply.response(rc::kSuccess);
    response.fields.add(std::string(40'000, 'k'), "v");  // ROCKETMQ keys have 16 bits of length
    request.reply.send(std::move(response));
  });
  Client client(io, {});
  auto request = wire::make_request(1);
  request.serialization = wire::Serialization::rocketmq;
  auto response = call(client, request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->code, rc::kSystemError);

  auto bad = wire::make_request(1'000'000);
  bad.serialization = wire::Serialization::rocketmq;
  auto refused = call(client, bad);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
}

TEST_F(Faults, GivenThousandsOfIdleConnectionsWhenOneCallsThenItIsServed) {
  const std::size_t count = std::min<std::size_t>(2'000, net::raise_open_files_max() / 3);
  start();
  std::vector<tcp::socket> idle;
  for (std::size_t i = 0; i < count; ++i) {
    idle.emplace_back(io).connect({asio::ip::address_v4::loopback(), server->port()});
    if (i % 100 == 0) run_ready(io);
  }
  ASSERT_TRUE(until([&] { return server->stats().connections == count; }));
  Client client(io, {});
  EXPECT_TRUE(call(client, echo_request("among many")));
}

TEST_F(Faults, GivenAPortInUseWhenStartedThenTheErrorNamesItAndWhatToDo) {
  start();
  ServerConfig config;
  config.port = server->port();
  Server second(io, config);
  auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::already_exists);
  EXPECT_NE(started.error().message.find("cannot listen on " + address + ": the port is in use"), std::string::npos)
      << started.error().message;
  EXPECT_EQ(second.port(), 0);
  EXPECT_FALSE(server->start()) << "started twice";
}

TEST_F(Faults, GivenTrafficWhenTheServerStopsThenEveryCallEndsAndTheClientConnectsAgainLater) {
  start();
  Client client(io, {});
  int ended = 0;
  int ok = 0;
  constexpr int kWorkers = 32;
  auto worker = [&]() -> asio::awaitable<void> {
    while (true) {
      auto response = co_await client.call(address, echo_request("traffic"), 5s);
      if (!response) {
        EXPECT_EQ(response.error().code, Errc::unavailable) << response.error().message;
        break;
      }
      ++ok;
    }
    ++ended;
  };
  for (int i = 0; i < kWorkers; ++i) asio::co_spawn(io, worker(), asio::detached);
  ASSERT_TRUE(until([&] { return ok > 1'000; }));
  const std::uint16_t port = server->port();
  server->stop();
  server->stop();
  EXPECT_TRUE(until([&] { return ended == kWorkers; }));

  ServerConfig config;
  config.port = port;
  start(config);
  EXPECT_TRUE(call(client, echo_request()));
}

TEST_F(Faults, GivenAHandlerThatStopsAndDestroysItsServerWhenItRunsThenNothingBreaks) {
  start();
  server->on_closed([](const std::shared_ptr<Peer>&, const Closing&) { ADD_FAILURE() << "called after stop()"; });
  server->handle(1, [&](Request request) {
    server.reset();
    request.reply.send(rc::kSuccess);
  });
  Client client(io, {});
  auto response = call(client, wire::make_request(1));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
}

TEST_F(Faults, GivenARequestThatIsNotAnsweredWhenOthersAreThenItTimesOutAndTheConnectionStays) {
  start();
  std::vector<Reply> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request.reply)); });
  Client client(io, {});
  Result<wire::Command> response;
  bool over = false;
  client.call(address, wire::make_request(1), 30ms, [&](Result<wire::Command> result) {
    response = std::move(result);
    over = true;
  });
  ASSERT_TRUE(call(client, echo_request("meanwhile")));
  ASSERT_TRUE(until([&] { return over; }));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::timeout);
  EXPECT_TRUE(response.error().message.find(address) != std::string::npos);
  held.front().send(rc::kSuccess, "too late");
  auto next = call(client, echo_request("next"));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "next");
  EXPECT_EQ(server->stats().accepted, 1u);
}

TEST_F(Faults, GivenAServerThatAcceptsAndSaysNothingWhenACallHasExpiredThenTheNextUsesANewConnection) {
  std::vector<tcp::socket> accepted;
  auto acceptor = net::Acceptor::listen(io, "127.0.0.1", 0);
  ASSERT_TRUE(acceptor);
  (*acceptor)->start([&](tcp::socket socket, tcp::endpoint) { accepted.push_back(std::move(socket)); });
  const std::string silent = "127.0.0.1:" + std::to_string((*acceptor)->local_endpoint().port());
  Client client(io, {});
  for (std::size_t connections : {1u, 2u}) {
    auto response = call(client, silent, echo_request(), 30ms);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::timeout) << response.error().message;
    EXPECT_TRUE(until([&] { return accepted.size() == connections; }));
  }
  (*acceptor)->stop();
}

TEST_F(Faults, GivenNobodyListeningWhenCalledThenItIsUnavailableWithTheReason) {
  start();
  server->stop();
  Client client(io, {});
  for (std::string to : {address, std::string("no-such-host.invalid:1")}) {
    auto response = call(client, to, echo_request());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unavailable);
    EXPECT_EQ(response.error().message.find("cannot connect to " + to), 0u) << response.error().message;
  }
  auto response = call(client, "no port", echo_request());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::invalid_argument);
}

TEST_F(Faults, GivenAServerThatSendsGarbageWhenCalledThenTheCallIsRefusedWithWhatCame) {
  auto acceptor = net::Acceptor::listen(io, "127.0.0.1", 0);
  ASSERT_TRUE(acceptor);
  (*acceptor)->start([&](tcp::socket socket, tcp::endpoint) {
    auto kept = std::make_shared<tcp::socket>(std::move(socket));
    asio::async_write(*kept, asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n", 28), [kept](auto, auto) {});
  });
  Client client(io, {});
  auto response = call(client, "127.0.0.1:" + std::to_string((*acceptor)->local_endpoint().port()), echo_request());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message.find("unreadable frame"), 0u) << response.error().message;
  (*acceptor)->stop();
}

TEST_F(Faults, GivenAClientWhenItStopsThenEveryPendingCallIsCancelledAndNewOnesAreRefused) {
  start();
  std::vector<Reply> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request.reply)); });
  Client client(io, {});
  int cancelled = 0;
  auto count = [&](const Result<wire::Command>& response) {
    cancelled += !response && response.error().code == Errc::cancelled;
  };
  client.call(address, wire::make_request(1), 10s, count);
  ASSERT_TRUE(until([&] { return held.size() == 1; }));
  client.call("127.0.0.2:1", wire::make_request(1), 10s, count);  // still connecting
  client.stop();
  client.stop();
  client.call(address, wire::make_request(1), 10s, count);
  client.oneway(address, wire::make_request(1));
  EXPECT_EQ(cancelled, 0) << "called back from within stop()";
  EXPECT_TRUE(until([&] { return cancelled == 3; }));
}

TEST_F(Faults, GivenLimitsOfAClientWhenReachedThenCallsAreRefusedOrIdleConnectionsMakeRoom) {
  start();
  std::vector<Reply> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request.reply)); });
  ClientConfig config;
  config.in_flight_max = 1;
  config.connections_max = 1;
  Client client(io, config);
  std::optional<Result<wire::Command>> first;
  client.call(address, wire::make_request(1), 10s, [&](Result<wire::Command> r) { first = std::move(r); });
  auto second = call(client, wire::make_request(1));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::resource_exhausted);
  const std::string other = "localhost:" + std::to_string(server->port());
  auto elsewhere = call(client, other, echo_request());
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, Errc::resource_exhausted);
  ASSERT_TRUE(until([&] { return !held.empty(); }));
  held.clear();
  ASSERT_TRUE(until([&] { return first.has_value(); }));
  EXPECT_TRUE(call(client, other, echo_request()));
}

TEST_F(Faults, GivenAnUnusedConnectionWhenIdleTooLongThenTheClientClosesIt) {
  start();
  ClientConfig config;
  config.idle_timeout = 50ms;
  Client client(io, config);
  ASSERT_TRUE(call(client, echo_request()));
  ASSERT_EQ(server->stats().connections, 1u);
  EXPECT_TRUE(until([&] { return server->stats().connections == 0; }));
  EXPECT_TRUE(call(client, echo_request()));
}

TEST_F(Faults, GivenACallbackThatThrowsWhenCalledThenTheOthersAreCalledAllTheSame) {
  start();
  Client client(io, {});
  client.call(address, echo_request(), 10s, [](auto) { throw std::runtime_error("a fault"); });
  EXPECT_TRUE(call(client, echo_request()));
}

TEST_F(Faults, GivenNothingToDoWhenConnectionsAreIdleThenNothingTicks) {
  start();
  Client client(io, {});
  ASSERT_TRUE(call(client, echo_request()));
  run_ready(io);
  io.restart();
  std::size_t woken = 0;
  const auto until_time = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < until_time) woken += io.run_one_until(until_time);
  EXPECT_LE(woken, 2u);
}

}  // namespace
}  // namespace gantry::remoting
