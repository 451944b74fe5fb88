#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <csignal>
#include <deque>
#include <fstream>
#include <future>
#include <sstream>

#include "net/acceptor.h"
#include "net/connector.h"
#include "net/endpoint.h"
#include "net/io_thread.h"
#include "net/log_limit.h"
#include "net/open_files.h"
#include "net/shutdown.h"
#include "net/spawn.h"
#include "unit/net/certificates.h"

namespace gantry::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Endpoint, GivenTextWhenParsedThenItIsReadOrRefusedWithTheReason) {
  struct Case {
    std::string_view text;
    Endpoint expected;
    std::string_view error;
  };
  const Case cases[] = {
      {"127.0.0.1:9876", {"127.0.0.1", 9876}, ""},
      {" name.example:0 ", {"name.example", 0}, ""},
      {"[::1]:65535", {"::1", 65535}, ""},
      {"localhost", {}, "the port is missing"},
      {"", {}, "the port is missing"},
      {":1", {}, "the host is missing"},
      {"a:", {}, "number from 0 to 65535"},
      {"a:65536", {}, "number from 0 to 65535"},
      {"a:-1", {}, "number from 0 to 65535"},
      {"a:1x", {}, "number from 0 to 65535"},
      {"::1:9876", {}, "must stand in brackets"},
      {"[::1]", {}, "no \"]:port\""},
      {"[name]:1", {}, "no IPv6 address"},
      {"http//x:1", {}, "a character that no host has"},
      {"a b:1", {}, "a character that no host has"},
  };
  for (const Case& c : cases) {
    auto parsed = parse_endpoint(c.text);
    if (c.error.empty()) {
      ASSERT_TRUE(parsed) << parsed.error().message;
      EXPECT_EQ(*parsed, c.expected);
      EXPECT_EQ(parse_endpoint(to_string(*parsed)).value(), c.expected);
    } else {
      ASSERT_FALSE(parsed) << c.text;
      EXPECT_THAT(parsed.error().message, HasSubstr(c.error));
    }
  }
  EXPECT_FALSE(parse_endpoint(std::string(300, 'h') + ":1"));
}

TEST(Endpoint, GivenWhereToListenThenTheHostMayBeLeftOutForAllAddresses) {
  EXPECT_EQ(parse_listen_endpoint(":8088").value(), (Endpoint{"0.0.0.0", 8088}));
  EXPECT_EQ(parse_listen_endpoint("127.0.0.1:0").value(), (Endpoint{"127.0.0.1", 0}));
  EXPECT_FALSE(parse_endpoint(":8088")) << "nobody can connect to that";
  for (const char* text : {"8088", ":", ":x", ":65536", "http://a:1"}) {
    auto parsed = parse_listen_endpoint(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find(":8088 (all addresses"), std::string::npos) << parsed.error().message;
  }
}

TEST(Endpoint, GivenAListWhenParsedThenEachSeparatorCounts) {
  const std::vector<Endpoint> expected = {{"a", 1}, {"b", 2}, {"::1", 3}};
  for (std::string_view text : {"a:1;b:2;[::1]:3", "a:1, b:2,[::1]:3;", ";a:1 b:2 ; [::1]:3"}) {
    EXPECT_EQ(parse_endpoints(text).value(), expected) << text;
  }
  EXPECT_FALSE(parse_endpoints(""));
  EXPECT_FALSE(parse_endpoints(" ; "));
  EXPECT_FALSE(parse_endpoints("a:1;b"));
}

TEST(Endpoint, GivenAMappedAddressWhenShownThenItIsIpv4) {
  EXPECT_EQ(to_string(tcp::endpoint(asio::ip::make_address("::ffff:1.2.3.4"), 5)), "1.2.3.4:5");
  EXPECT_EQ(to_string(tcp::endpoint(asio::ip::make_address("::1"), 5)), "[::1]:5");
}

TEST(LogLimit, GivenManyLinesWhenAdmittedThenOneAnIntervalWithTheCountOfTheRest) {
  LogLimit limit(1s);
  const auto start = LogLimit::Clock::now();
  EXPECT_EQ(limit.admit(start), 0u);
  EXPECT_FALSE(limit.admit(start + 1ms));
  EXPECT_FALSE(limit.admit(start + 999ms));
  EXPECT_EQ(limit.admit(start + 1s), 2u);
}

TEST(OpenFiles, GivenALimitWhenRaisedThenItIsTheHardOne) { EXPECT_GE(raise_open_files_max(), 64u); }

TEST(IoThread, GivenAThreadWhenCalledThenTheFunctionRunsThereAndItsResultComesBack) {
  IoThread thread("gantry-a-long-name");
  thread.start();
  thread.start();
  EXPECT_FALSE(thread.is_here());
  EXPECT_TRUE(thread.call([&] { return thread.is_here(); }));
  EXPECT_EQ(thread.call([&] { return thread.call([] { return 7; }); }), 7) << "from the thread itself";
  thread.call([] {});
  EXPECT_THROW(thread.call([]() -> int { throw std::runtime_error("out"); }), std::runtime_error);
  auto later = [&]() -> asio::awaitable<std::string> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return "later";
  };
  EXPECT_EQ(thread.await(later), "later");
  thread.await([]() -> asio::awaitable<void> { co_return; });
  EXPECT_THROW(thread.await([]() -> asio::awaitable<int> {
    throw std::runtime_error("out");
    co_return 1;
  }),
               std::runtime_error);
}

TEST(IoThread, GivenAHandlerThatThrowsWhenPostedThenTheThreadGoesOnAndCanBeStartedAgain) {
  IoThread thread("io");
  thread.start();
  thread.post([] { throw std::runtime_error("a fault"); });
  EXPECT_EQ(thread.call([] { return 1; }), 1);
  thread.stop();
  thread.stop();
  thread.start();
  EXPECT_EQ(thread.call([] { return 2; }), 2);
}

TEST(Shutdown, GivenASignalWhenReceivedThenTheCallbackRunsAndTheBoundStopsTheRest) {
  asio::io_context io;
  int received = 0;
  Shutdown shutdown(io, [&](int signal) { received = signal; }, 30ms);
  auto work = asio::make_work_guard(io);  // something that never stops by itself
  asio::post(io, [] { std::raise(SIGTERM); });
  io.run();
  EXPECT_EQ(received, SIGTERM);
  EXPECT_EQ(shutdown.signal(), SIGTERM);
  EXPECT_TRUE(shutdown.forced());
}

TEST(Shutdown, GivenTwoSignalsWhenReceivedThenItStopsAtOnce) {
  asio::io_context io;
  asio::steady_timer later(io);
  Shutdown shutdown(
      io,
      [&](int) {
        later.expires_after(100ms);
        later.async_wait([](auto) { std::raise(SIGINT); });
      },
      1h);
  asio::post(io, [] { std::raise(SIGINT); });
  io.run();
  EXPECT_TRUE(io.stopped());
  EXPECT_TRUE(shutdown.forced());
}

// timeout(1) and service managers signal a process twice at once.
TEST(Shutdown, GivenTheSameWishTwiceAtOnceThenTheOrderlyWayGoesOn) {
  asio::io_context io;
  asio::steady_timer later(io);
  Shutdown shutdown(
      io,
      [&](int) {
        std::raise(SIGTERM);
        later.expires_after(20ms);
        later.async_wait([&](auto) { shutdown.finish(); });
      },
      1h);
  asio::post(io, [] { std::raise(SIGINT); });
  io.run();
  EXPECT_EQ(shutdown.signal(), SIGINT);
  EXPECT_FALSE(shutdown.forced());
}

TEST(Shutdown, GivenALoopThatHangsInItsStopThenTheProcessEndsAllTheSame) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        asio::io_context io;
        Shutdown shutdown(io, [](int) { ::pause(); }, 10ms);
        asio::post(io, [] { std::raise(SIGINT); });
        io.run();
      },
      testing::ExitedWithCode(130), "");
}

TEST(Shutdown, GivenAnOrderlyEndWhenFinishedThenTheContextRunsOutOfWork) {
  asio::io_context io;
  Shutdown shutdown(io, [&](int) { shutdown.finish(); }, 1h);
  asio::post(io, [] { std::raise(SIGINT); });
  io.run();
  EXPECT_EQ(shutdown.signal(), SIGINT);
  EXPECT_FALSE(shutdown.forced());
}

TEST(Acceptor, GivenAddressesWhenListeningThenTheErrorNamesAddressAndRemedy) {
  asio::io_context io;
  auto first = Acceptor::listen(io, "localhost", 0);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE((*first)->local_endpoint().address().is_v4());
  auto second = Acceptor::listen(io, "127.0.0.1", (*first)->local_endpoint().port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::already_exists);
  for (std::string host : {"no-such-host.invalid", "192.0.2.1"}) {
    auto bad = Acceptor::listen(io, host, 1'234);
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().message, HasSubstr("cannot listen on " + host + ":1234"));
    EXPECT_THAT(bad.error().message, HasSubstr("use an address of this machine"));
  }
}

TEST(Acceptor, GivenNoDescriptorLeftWhenAPeerConnectsThenItIsAcceptedOnceThereIsOneAgain) {
  asio::io_context io;
  auto acceptor = Acceptor::listen(io, "127.0.0.1", 0);
  ASSERT_TRUE(acceptor) << acceptor.error().message;
  int accepted = 0;
  (*acceptor)->start([&](tcp::socket, const tcp::endpoint&) {
    ++accepted;
    (*acceptor)->stop();
  });
  tcp::socket peer(io);
  peer.open(tcp::v4());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int unused = dup(0);  // the lowest one: nothing above it can be opened under the limit
  ASSERT_GE(unused, 0);
  close(unused);
  const rlimit none{static_cast<rlim_t>(unused), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  peer.connect((*acceptor)->local_endpoint());
  io.run_one();  // refused by the system, as there is no descriptor
  EXPECT_EQ(accepted, 0);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  io.run_for(20s);
  EXPECT_EQ(accepted, 1);
}

struct ConnectorTest : testing::Test {
  Result<tcp::socket> connect(Endpoint to, std::chrono::milliseconds timeout = 5s) {
    std::optional<Result<tcp::socket>> result;
    Connector::start(io, std::move(to), timeout, [&](Result<tcp::socket> r) { result = std::move(r); });
    io.restart();
    while (!result && io.run_one() > 0) {
    }
    return std::move(*result);
  }
  asio::io_context io;
};

TEST_F(ConnectorTest, GivenNamesAndAddressesWhenConnectingThenEachIsTriedAndFailureIsNamed) {
  auto acceptor = Acceptor::listen(io, "127.0.0.1", 0);
  const std::uint16_t port = (*acceptor)->local_endpoint().port();
  EXPECT_TRUE(connect({"127.0.0.1", port}));
  EXPECT_TRUE(connect({"localhost", port}));
  (*acceptor)->stop();
  for (std::string host : {"127.0.0.1", "localhost", "no-such-host.invalid"}) {
    auto refused = connect({host, port});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("cannot connect to " + host));
  }
}

TEST_F(ConnectorTest, GivenAFullListenerWhenConnectingThenTheTimeoutEndsIt) {
  tcp::acceptor full(io, tcp::v4());
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::deque<tcp::socket> fill;  // the queue of a listener that never accepts takes one or two
  for (int i = 0; i < 4; ++i) fill.emplace_back(io).async_connect(full.local_endpoint(), [](auto) {});
  auto late = connect({"127.0.0.1", full.local_endpoint().port()}, 50ms);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("no answer within 50 ms"));
}

TEST_F(ConnectorTest, GivenAConnectionThenNeitherEndWaitsLongForAPeerThatIsGone) {
  const auto user_timeout_ms = [](tcp::socket& socket) {
    unsigned value = 0;
    socklen_t size = sizeof(value);
    EXPECT_EQ(::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size), 0);
    return value;
  };
  auto acceptor = Acceptor::listen(io, "127.0.0.1", 0);
  ASSERT_TRUE(acceptor);
  std::optional<tcp::socket> accepted;
  (*acceptor)->start([&](tcp::socket socket, tcp::endpoint) { accepted.emplace(std::move(socket)); });
  auto connected = connect({"127.0.0.1", (*acceptor)->local_endpoint().port()});
  ASSERT_TRUE(connected);
  while (!accepted && io.run_one() > 0) {
  }
  EXPECT_EQ(user_timeout_ms(*connected), 15'000u);
  EXPECT_EQ(user_timeout_ms(*accepted), 15'000u);
  (*acceptor)->stop();
}

// What a log line would say of the exception that ended the coroutine.
TEST(Spawn, GivenAnExceptionThatEscapesThenItIsLoggedWithTheNameOfTheCoroutine) {
  std::ostringstream log;
  auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  asio::io_context io(1);
  int ended = 0;
  const auto throws = [&]() -> asio::awaitable<void> {
    ++ended;
    throw std::runtime_error("out of luck");
    co_return;
  };
  const auto returns = [&]() -> asio::awaitable<void> {
    ++ended;
    co_return;
  };
  spawn(io, "the loop that throws", throws);
  spawn(io.get_executor(), "the loop that returns", returns());
  io.run();
  spdlog::set_default_logger(before);
  EXPECT_EQ(ended, 2);
  EXPECT_NE(log.str().find("the loop that throws ended by an exception: out of luck"), std::string::npos) << log.str();
  EXPECT_EQ(log.str().find("returns"), std::string::npos) << log.str();
}

TEST_F(ConnectorTest, GivenAConnectorWhenCancelledThenItDoesNotCallBack) {
  for (std::string host : {"127.0.0.1", "localhost"}) {
    auto connector = Connector::start(io, {host, 1}, 5s, [](auto) { ADD_FAILURE(); });
    io.restart();
    if (host == "localhost") io.run_one();
    connector->cancel();
    io.run();
  }
}

TEST(Tls, GivenFilesWhenTheyAreMissingOrDoNotMatchThenTheErrorNamesThem) {
  TestAuthority authority("authority");
  const TlsFiles good = authority.issue("localhost");
  EXPECT_TRUE(TlsContext::server(good));
  EXPECT_TRUE(TlsContext::client({}));
  EXPECT_TRUE(TlsContext::client({}).value()->verifies_peer());
  EXPECT_TRUE(TlsContext::client(good));

  const auto refused = [](const TlsFiles& files, std::string_view why) {
    auto context = TlsContext::server(files);
    ASSERT_FALSE(context);
    EXPECT_EQ(context.error().code, Errc::invalid_argument);
    EXPECT_THAT(context.error().message, HasSubstr(why));
  };
  TlsFiles files = good;
  files.certificate_file = "/no/such.pem";
  refused(files, "certificate file /no/such.pem");
  files = good;
  files.key_file = "/no/such.key";
  refused(files, "/no/such.key");
  files = good;
  files.key_file = authority.issue("other").key_file;
  refused(files, "is not that of the certificate in " + good.certificate_file);
  files = good;
  files.ca_file = "/no/ca.pem";
  refused(files, "CA file /no/ca.pem");
  refused({}, "needs a certificate file and a key file; neither is given");
  files = good;
  files.key_file = "";
  refused(files, "the key is not given");
  files = {};
  files.certificate_file = good.certificate_file;
  EXPECT_FALSE(TlsContext::client(files));
  files = {};
  files.key_file = good.key_file;
  EXPECT_THAT(TlsContext::client(files).error().message, HasSubstr("the certificate is not given"));
  files = {};
  files.ca_file = "/no/ca.pem";
  EXPECT_FALSE(TlsContext::client(files));
}

}  // namespace
}  // namespace gantry::net
