// HTTPS of the server and the client against each other, with certificates made on the spot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/json/object.hpp>
#include <filesystem>

#include "http/client.h"
#include "http/server.h"
#include "unit/drive.h"
#include "unit/net/certificates.h"

namespace gantry::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;

class HttpsServer : public testing::Test {
 protected:
  // `clients`: whose certificates verify.
  void start(const net::TestAuthority* clients = nullptr) {
    net::TlsFiles files = servers.issue("localhost");
    if (clients != nullptr) files.ca_file = clients->certificate_file();
    files.client_certificate_optional = true;
    certificate = files;
    auto watched = net::WatchedTls::server(files);
    ASSERT_TRUE(watched) << watched.error().message;
    tls = *watched;
    server.emplace(io, ServerConfig{.tls = tls});
    server->get("/who", [](const Request& request) {
      boost::json::object who;
      if (request.peer) {
        who["name"] = request.peer->common_name;
        who["verified"] = request.peer->not_verified.empty();
        who["why"] = request.peer->not_verified;
      }
      return json(who);
    });
    server->get("/large", [](const Request&) { return text(std::string(3'000'000, 'x')); });
    server->events("/events", [](const Request&, std::shared_ptr<EventStream> stream) -> Result<void> {
      stream->push("first", "1");
      stream->push("second", "2");
      return {};
    });
    auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
    base = "https://localhost:" + std::to_string(server->port());
  }

  GetOptions trusting(const net::TestAuthority& authority, net::TlsFiles files = {}) {
    files.ca_file = authority.certificate_file();
    auto context = net::TlsContext::client(files);
    EXPECT_TRUE(context);
    GetOptions options;
    options.tls = *context;
    return options;
  }

  Result<GetResult> fetch(std::string url, GetOptions options) { return test::await(io, get(url, options)); }

  ~HttpsServer() override {
    if (server) server->stop();
    server.reset();
    io.restart();
    while (io.poll() > 0) {
    }
  }

  asio::io_context io{1};
  net::TestAuthority servers{"servers"};
  net::TestAuthority proxies{"proxies"};
  net::TestAuthority strangers{"strangers"};
  net::TlsFiles certificate;
  std::shared_ptr<net::WatchedTls> tls;
  std::optional<Server> server;
  std::string base;
};

TEST_F(HttpsServer, GivenClientsWithAndWithoutCertificatesWhenTheyAskThenTheHandlerKnowsWhoTheyAre) {
  start(&proxies);
  EXPECT_THAT(server->url(), testing::StartsWith("https://"));
  auto nobody = fetch(base + "/who", trusting(servers));
  ASSERT_TRUE(nobody) << nobody.error().message;
  EXPECT_EQ(nobody->body, "{}");

  auto proxy = fetch(base + "/who", trusting(servers, proxies.issue("front-proxy")));
  ASSERT_TRUE(proxy) << proxy.error().message;
  EXPECT_EQ(proxy->body, R"({"name":"front-proxy","verified":true,"why":""})");

  auto stranger = fetch(base + "/who", trusting(servers, strangers.issue("front-proxy")));
  ASSERT_TRUE(stranger) << stranger.error().message;
  EXPECT_THAT(stranger->body, HasSubstr(R"("verified":false)"));
}

TEST_F(HttpsServer, GivenALargeAnswerWhenFetchedThenAllOfItComes) {
  start();
  auto large = fetch(base + "/large", trusting(servers));
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_EQ(large->body.size(), 3'000'000u);
}

TEST_F(HttpsServer, GivenWrongAuthoritiesNamesOrSchemesWhenFetchedThenTheErrorSaysWhatFailed) {
  start();
  auto untrusted = fetch(base + "/who", trusting(strangers));
  ASSERT_FALSE(untrusted);
  EXPECT_THAT(untrusted.error().message, HasSubstr("cannot make a TLS connection"));
  EXPECT_THAT(untrusted.error().message, HasSubstr("certificate verify failed"));

  const std::string by_address = "https://127.0.0.1:" + std::to_string(server->port()) + "/who";
  EXPECT_FALSE(fetch(by_address, trusting(servers)));  // the certificate names localhost only
  GetOptions named = trusting(servers);
  named.tls_server_name = "localhost";
  EXPECT_TRUE(fetch(by_address, named));

  EXPECT_FALSE(fetch("http://localhost:" + std::to_string(server->port()) + "/who", {}));
  EXPECT_FALSE(fetch("ftp://localhost/", {}));
}

TEST_F(HttpsServer, GivenARenewedCertificateWhenItsFilesChangeThenNewConnectionsGetItAndABadOneIsNotTaken) {
  start();
  net::TestAuthority renewed{"renewed"};
  const net::TlsFiles next = renewed.issue("localhost");
  // only the certificate so far: it does not fit the key
  std::filesystem::copy_file(next.certificate_file, certificate.certificate_file,
                             std::filesystem::copy_options::overwrite_existing);
  tls->current(net::WatchedTls::Clock::now() + 2s);
  EXPECT_TRUE(fetch(base + "/who", trusting(servers)));

  std::filesystem::copy_file(next.key_file, certificate.key_file, std::filesystem::copy_options::overwrite_existing);
  tls->current(net::WatchedTls::Clock::now() + 4s);
  EXPECT_TRUE(fetch(base + "/who", trusting(renewed)));
  EXPECT_FALSE(fetch(base + "/who", trusting(servers)));
}

TEST_F(HttpsServer, GivenOtherAuthoritiesAsTextWhenTheyAreUsedThenTheirClientsVerify) {
  start(&proxies);
  std::string pem;
  {
    FILE* file = std::fopen(strangers.certificate_file().c_str(), "r");
    char text[4'096];
    pem.assign(text, std::fread(text, 1, sizeof text, file));
    std::fclose(file);
  }
  EXPECT_FALSE(tls->use_ca_text("no PEM"));
  ASSERT_TRUE(tls->use_ca_text(pem));
  auto stranger = fetch(base + "/who", trusting(servers, strangers.issue("front-proxy")));
  ASSERT_TRUE(stranger) << stranger.error().message;
  EXPECT_THAT(stranger->body, HasSubstr(R"("verified":true)"));
}

TEST_F(HttpsServer, GivenLinesWithoutEndWhenReadThenTheyComeOneByOneAndCloseEndsTheWait) {
  start();
  LineStream lines;
  LineOptions options;
  options.request = trusting(servers);
  auto status = test::await(io, lines.open(base + "/events", options));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 200);
  for (const char* expected : {"event: first", "data: 1", "", "event: second", "data: 2", ""}) {
    auto line = test::await(io, lines.next());
    ASSERT_TRUE(line) << line.error().message;
    ASSERT_TRUE(*line);
    if (**line == ":") {  // the ping that an event stream begins with
      test::await(io, lines.next());
      line = test::await(io, lines.next());
    }
    EXPECT_EQ(**line, expected);
  }
  std::optional<bool> got;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        while (true) {
          auto line = co_await lines.next();
          if (line && *line) continue;
          got = line.has_value();
          co_return;
        }
      },
      asio::detached);
  asio::post(io, [&] { lines.close(); });
  EXPECT_TRUE(test::run_until(io, [&] { return got.has_value(); }));
  EXPECT_EQ(got, false);
}

TEST_F(HttpsServer, GivenAnAnswerThatEndsWhenItsLinesAreReadThenTheEndIsNoError) {
  start();
  LineStream lines;
  LineOptions options;
  options.request = trusting(servers);
  auto status = test::await(io, lines.open(base + "/nowhere", options));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(*status, 404);
  EXPECT_THAT(test::await(io, lines.rest()), HasSubstr("nothing is served at /nowhere"));
  auto end = test::await(io, lines.next());
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_FALSE(*end);
}

}  // namespace
}  // namespace gantry::http
