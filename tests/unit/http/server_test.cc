#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/asio.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <optional>

#include "http/client.h"

namespace gantry::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string gunzip(const std::string& compressed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class HttpServer : public testing::Test {
 protected:
  // A connection on which the test writes and reads what it likes.
  struct Raw {
    explicit Raw(asio::io_context& io) : socket(io) {}
    tcp::socket socket;
    std::string received;
    char chunk[4'096];
    bool closed = false;
  };
  using RawPtr = std::shared_ptr<Raw>;

  void start(ServerConfig config = {}) {
    server.emplace(io, std::move(config));
    server->get("/hello", [](const Request& request) {
      return json({{"hello", std::string(request.parameter("name", "nobody"))}});
    });
    server->get("/large", [](const Request&) { return text(std::string(100'000, 'x')); });
    server->get("/throws", [](const Request&) -> Response { throw std::runtime_error("a fault"); });
    server->get("/api/*", [](const Request& request) { return text("prefix " + request.path); });
    server->get("/api/topics/*", [](const Request& request) { return text("topics " + request.path); });
    server->route("POST", "/echo", [](const Request& request) { return text(request.body); });
    server->route_async("GET", "/later", [this](Request request) -> asio::awaitable<Response> {
      asio::steady_timer timer(io, 5ms);
      co_await timer.async_wait(asio::use_awaitable);
      co_return text("later " + request.path);
    });
    server->route_async("GET", "/later/throws", [](Request) -> asio::awaitable<Response> {
      throw std::runtime_error("a fault");
      co_return Response{};
    });
    server->events("/events", [this](const Request& request, std::shared_ptr<EventStream> stream) -> Result<void> {
      if (request.parameter("refuse") == "1") return fail(Errc::not_found, "no such events");
      if (request.parameter("refuse") == "2") throw std::runtime_error("a fault");
      listener = stream;
      broadcast.add(std::move(stream));
      broadcast.push("first", "1");
      return {};
    });
    const Asset assets[] = {{"/index.html", "<!doctype html><p>short"}, {"/app.js", script}};
    server->assets(assets);
    auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
    base = "http://127.0.0.1:" + std::to_string(server->port());
  }

  bool until(const std::function<bool()>& condition, std::chrono::milliseconds within = 20s) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    io.restart();
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(50ms);
    }
    return true;
  }

  Result<GetResult> fetch(std::string url, GetOptions options = {}) {
    std::optional<Result<GetResult>> result;
    asio::co_spawn(io, [&]() -> asio::awaitable<void> { result = co_await get(url, options); }, asio::detached);
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return result ? std::move(*result) : fail(Errc::internal, "never finished");
  }

  RawPtr open(std::string bytes) {
    auto raw = std::make_shared<Raw>(io);
    raw->socket.connect({asio::ip::address_v4::loopback(), server->port()});
    read(raw);
    write(raw, std::move(bytes));
    return raw;
  }
  static void write(const RawPtr& raw, std::string bytes) {
    auto kept = std::make_shared<std::string>(std::move(bytes));
    asio::async_write(raw->socket, asio::buffer(*kept), [raw, kept](auto, auto) {});
  }
  static void read(const RawPtr& raw) {
    raw->socket.async_read_some(asio::buffer(raw->chunk), [raw](boost::system::error_code error, std::size_t n) {
      raw->received.append(raw->chunk, error ? 0 : n);
      raw->closed = static_cast<bool>(error);
      if (!error) read(raw);
    });
  }
  // Sends `bytes` on a fresh connection and returns all that comes until the server closes it.
  std::string exchange(std::string bytes) {
    auto raw = open(std::move(bytes));
    EXPECT_TRUE(until([&] { return raw->closed; })) << raw->received;
    return raw->received;
  }

  ~HttpServer() override {
    if (server) server->stop();
    server.reset();
    io.restart();
    while (io.poll() > 0) {
    }
  }

  asio::io_context io{1};
  std::optional<Server> server;
  std::string base;
  std::string script = "// " + std::string(5'000, 'j');
  std::shared_ptr<EventStream> listener;
  Broadcast broadcast;
};

TEST_F(HttpServer, GivenRoutesWhenAskedThenExactGoesBeforeTheLongestPrefix) {
  start();
  const std::pair<std::string, std::string> cases[] = {
      {"/hello", R"({"hello":"nobody"})"},
      {"/hello?name=J%C3%B6rg+A%26B&x", "{\"hello\":\"J\xC3\xB6rg A&B\"}"},
      {"/api/x", "prefix /api/x"},
      {"/api/topics/a%2Fb", "topics /api/topics/a/b"},
      {"/later", "later /later"},
      {"/", "<!doctype html><p>short"},
      {"/index.html", "<!doctype html><p>short"},
  };
  for (const auto& [path, body] : cases) {
    auto result = fetch(base + path);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->status, 200) << path;
    EXPECT_EQ(result->body, body);
    EXPECT_EQ(result->headers["x-content-type-options"], "nosniff");
    EXPECT_THAT(result->headers["content-security-policy"], HasSubstr("default-src 'self'"));
  }
}

TEST_F(HttpServer, GivenWhatIsNotServedWhenAskedThenTheErrorIsJsonWithItsStatus) {
  start();
  struct Case {
    std::string request;
    int status;
    std::string message;
  };
  const Case cases[] = {
      {"GET /nowhere HTTP/1.1", 404, "nothing is served at /nowhere"},
      {"POST /hello HTTP/1.1", 405, "POST is not served here, only GET"},
      {"GET /throws HTTP/1.1", 500, "internal error"},
      {"GET /later/throws HTTP/1.1", 500, "internal error"},
      {"GET /a/../b HTTP/1.1", 400, "the path has a .. segment"},
      {"GET /%zz HTTP/1.1", 400, "not followed by two hex digits"},
      {"GET /%00 HTTP/1.1", 400, "a control character"},
      {"GET nothing HTTP/1.1", 400, "must begin with /"},
      {"GET /events?refuse=1 HTTP/1.1", 404, "no such events"},
      {"GET /events?refuse=2 HTTP/1.1", 500, "internal error"},
  };
  for (const Case& c : cases) {
    const std::string answer = exchange(c.request + "\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(c.status))) << c.request;
    const auto body = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
    EXPECT_THAT(std::string(body.at("error").as_string()), HasSubstr(c.message)) << c.request;
  }
}

TEST_F(HttpServer, GivenABodyWhenPostedThenTheHandlerGetsItAndHeadHasNoBody) {
  start();
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
              HasSubstr("\r\n\r\nabc"));
  const std::string head = exchange("HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  EXPECT_THAT(head, HasSubstr("Content-Length: 18"));
}

TEST_F(HttpServer, GivenOneConnectionWhenRequestsFollowAndArePipelinedThenAllAreAnswered) {
  start();
  const std::string one = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  auto raw = open(one + one);
  const auto answers = [&] {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = raw->received.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  ASSERT_TRUE(until([&] { return answers() == 2; }));
  write(raw, one);
  EXPECT_TRUE(until([&] { return answers() == 3; }));
  EXPECT_FALSE(raw->closed);
}

TEST_F(HttpServer, GivenAnAssetWhenTheClientHasItThenItIsNotSentAgainAndWhenItTakesGzipThenItIsCompressed) {
  start();
  auto plain = fetch(base + "/app.js");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->body, script);
  EXPECT_EQ(plain->headers["content-type"], "text/javascript; charset=utf-8");
  const std::string etag = plain->headers["etag"];
  GetOptions cached;
  cached.headers["If-None-Match"] = "\"other\", W/" + etag;
  auto again = fetch(base + "/app.js", cached);
  EXPECT_EQ(again->status, 304);
  EXPECT_EQ(again->body, "");
  EXPECT_EQ(again->headers["etag"], etag);
  GetOptions zipped;
  zipped.headers["Accept-Encoding"] = "br, gzip;q=0.8";
  for (std::string path : {"/app.js", "/large"}) {
    auto small = fetch(base + path, zipped);
    EXPECT_EQ(small->headers["content-encoding"], "gzip");
    EXPECT_EQ(small->headers["vary"], "Accept-Encoding");
    EXPECT_EQ(gunzip(small->body), path == "/large" ? std::string(100'000, 'x') : script);
  }
}

TEST_F(HttpServer, GivenRequestsPastALimitWhenReadThenTheyAreRefusedAndTheConnectionIsClosed) {
  ServerConfig config;
  config.limits.header_bytes_max = 1'000;
  config.limits.body_bytes_max = 100;
  start(config);
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(2'000, 'x')),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 101\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange("\x16\x03\x01 what is this\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(HttpServer, GivenSlowAndSilentClientsWhenTheirTimeIsUpThenTheyAreClosed) {
  ServerConfig config;
  config.limits.request_timeout = 60ms;
  config.limits.idle_timeout = 100ms;
  start(config);
  auto slow = open("GET / HT");
  auto silent = open("");
  auto finished = open("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(until([&] { return slow->closed && silent->closed && finished->closed; }));
  EXPECT_THAT(finished->received, HasSubstr("nobody"));
  EXPECT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(HttpServer, GivenTooManyConnectionsWhenOneMoreComesThenItIsClosedAtOnce) {
  ServerConfig config;
  config.limits.connections_max = 2;
  start(config);
  auto first = open("");
  auto second = open("");
  ASSERT_TRUE(until([&] { return server->connections() == 2; }));
  auto third = open("");
  EXPECT_TRUE(until([&] { return third->closed; }));
  EXPECT_FALSE(first->closed || second->closed);
}

TEST_F(HttpServer, GivenAServerOnLoopbackWhenAForeignNameOrPageAsksThenItIsRefused) {
  start();
  const auto status = [&](const std::string& line, const std::string& headers) {
    return exchange(line + " HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n").substr(9, 3);
  };
  for (std::string host : {"localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]", "[::1]:8080", "a.localhost"}) {
    EXPECT_EQ(status("GET /hello", "Host: " + host + "\r\n"), "200") << host;
  }
  for (std::string host : {"evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::1", "[::1]x", "localhost:x"}) {
    EXPECT_EQ(status("GET /hello", "Host: " + host + "\r\n"), "403") << host;
  }
  EXPECT_EQ(status("GET /hello", ""), "400");
  EXPECT_EQ(status("POST /echo", "Host: localhost:1\r\nOrigin: http://evil.example\r\n"), "403");
  EXPECT_EQ(status("POST /echo", "Host: localhost:1\r\nOrigin: null\r\n"), "403");
  EXPECT_EQ(status("POST /echo", "Host: localhost:1\r\nOrigin: http://localhost:1\r\n"), "200");
}

TEST_F(HttpServer, GivenAListenerWhenEventsArePushedThenTheyComeInOrderUntilItLeaves) {
  ServerConfig config;
  config.limits.ping_interval = 20ms;
  start(config);
  auto raw = open("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(until([&] { return raw->received.find("data: 1") != std::string::npos; }));
  EXPECT_THAT(raw->received, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(raw->received, HasSubstr("\r\n\r\nevent: first\ndata: 1\n\n"));
  bool closed = false;
  listener->on_closed([&] { closed = true; });
  broadcast.push("lag", "{\"a\":1}\nline two\r\nthree");
  broadcast.push("", "nameless");
  EXPECT_TRUE(until([&] { return raw->received.find("nameless") != std::string::npos; }));
  EXPECT_THAT(raw->received,
              HasSubstr("event: lag\ndata: {\"a\":1}\ndata: line two\ndata: three\n\ndata: nameless\n\n"));
  EXPECT_TRUE(until([&] { return raw->received.find("\n:\n\n") != std::string::npos; })) << "no ping";
  raw->socket.close();
  EXPECT_TRUE(until([&] { return closed; }));
  EXPECT_FALSE(listener->push("x", "y"));
  broadcast.push("x", "y");
  EXPECT_EQ(broadcast.size(), 0u);
  EXPECT_TRUE(until([&] { return server->connections() == 0; }));
}

TEST_F(HttpServer, GivenAListenerThatDoesNotReadWhenItsEventsPassTheLimitThenItIsDropped) {
  ServerConfig config;
  config.limits.unsent_event_bytes_max = 200'000;
  start(config);
  tcp::socket deaf(io);
  deaf.connect({asio::ip::address_v4::loopback(), server->port()});
  asio::write(deaf, asio::buffer(std::string("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")));
  ASSERT_TRUE(until([&] { return listener != nullptr; }));
  EXPECT_TRUE(until([&] {
    broadcast.push("x", std::string(50'000, 'x'));
    asio::post(io, [] {});
    return broadcast.size() == 0;
  }));
  EXPECT_FALSE(listener->is_open());
}

TEST_F(HttpServer, GivenAPortInUseWhenStartedThenTheErrorSaysWhatToDo) {
  start();
  EXPECT_EQ(server->url(), base + "/");
  ServerConfig config;
  config.port = server->port();
  Server second(io, config);
  auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("the port is in use; stop the process that holds it"));
  EXPECT_EQ(second.url(), "");
  EXPECT_FALSE(server->start());
}

TEST_F(HttpServer, GivenOpenConnectionsWhenStoppedThenAllAreClosed) {
  start();
  auto idle = open("");
  auto events = open("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(until([&] { return server->connections() == 2 && listener; }));
  server->stop();
  server->stop();
  EXPECT_TRUE(until([&] { return idle->closed && events->closed; }));
  auto refused = fetch(base + "/hello");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
}

TEST_F(HttpServer, GivenAClientWhenTheUrlOrTheAnswerIsBadThenTheErrorSaysSo) {
  start();
  EXPECT_EQ(fetch("ftp://x").error().code, Errc::invalid_argument);
  EXPECT_EQ(fetch("http://:1/").error().code, Errc::invalid_argument);
  EXPECT_EQ(fetch("http://no-such-host.invalid/").error().code, Errc::unavailable);
  EXPECT_EQ(fetch("http://localhost:" + std::to_string(server->port()) + "?x")->status, 200);
  GetOptions small;
  small.body_bytes_max = 10;
  EXPECT_EQ(fetch(base + "/large", small).error().code, Errc::resource_exhausted);

  tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0});
  GetOptions quick;
  quick.timeout = 30ms;
  EXPECT_EQ(fetch("http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()), quick).error().code,
            Errc::timeout);
}

}  // namespace
}  // namespace gantry::http
