#include <cstdlib>
#include <filesystem>

#include "unit/net/certificates.h"
#include "unit/remoting/support.h"

namespace gantry::remoting {
namespace {

class Tls : public RemotingTest {
 protected:
  void SetUp() override {
    authority.emplace("test authority");
    server_files = authority->issue("localhost");
    client_files = authority->issue("a client");
  }

  std::shared_ptr<net::TlsContext> server_context(bool ask_for_certificates = false) {
    net::TlsFiles files = server_files;
    if (ask_for_certificates) files.ca_file = authority->certificate_file();
    return net::TlsContext::server(files).value();
  }
  void start_tls(bool ask_for_certificates = false) {
    ServerConfig config;
    config.tls = server_context(ask_for_certificates);
    config.limits.frame_timeout = 200ms;
    start(config);
    name = "localhost:" + std::to_string(server->port());
  }
  ClientConfig trusting(net::TlsFiles files = {}) {
    files.ca_file = authority->certificate_file();
    ClientConfig config;
    config.tls = net::TlsContext::client(files).value();
    return config;
  }

  std::optional<net::TestAuthority> authority;
  net::TlsFiles server_files;
  net::TlsFiles client_files;
  std::string name;
};

TEST_F(Tls, GivenOnePortWhenTlsAndPlainClientsCallThenBothAreServed) {
  start_tls();
  Client secure(io, trusting());
  Client plain(io, {});
  for (std::size_t size : {0u, 10u, 10'000u, 200'000u, 5'000'000u}) {
    const std::string body(size, 'x');
    auto answer = call(secure, name, echo_request(body));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->body == body);
    EXPECT_TRUE(call(plain, name, echo_request(body)));
  }
  EXPECT_EQ(server->stats().accepted, 2u);
}

TEST_F(Tls, GivenOtherCertificatesThenNewConnectionsUseThemAndOpenOnesStay) {
  start_tls(true);
  Client client(io, trusting(client_files));
  ASSERT_TRUE(call(client, name, echo_request()));
  net::TestAuthority next("the next authority");
  net::TlsFiles renewed = next.issue("localhost");
  renewed.ca_file = next.certificate_file();
  server->use_tls(net::TlsContext::server(renewed).value());
  EXPECT_TRUE(call(client, name, echo_request())) << "on the connection that is open";
  Client former(io, trusting(client_files));
  EXPECT_FALSE(call(former, name, echo_request()));
  former.use_tls(net::TlsContext::client(renewed).value());
  EXPECT_TRUE(call(former, name, echo_request()));
}

TEST_F(Tls, GivenManyCallsAtOnceWhenOverTlsThenEachGetsItsOwn) {
  start_tls();
  Client client(io, trusting());
  int right = 0;
  for (int i = 0; i < 300; ++i) {
    std::string body = std::string(static_cast<std::size_t>(i * 37), 'b') + std::to_string(i);
    client.call(name, echo_request(body), 10s, [&right, body](auto r) { right += r && r->body == body; });
  }
  EXPECT_TRUE(until([&] { return right == 300; }));
}

TEST_F(Tls, GivenAServerOverTlsWhenItsLimitsPauseReadingThenItGoesOnLater) {
  start_tls();
  server.reset();
  ServerConfig config;
  config.tls = server_context();
  config.limits.in_flight_max = 2;
  start(config);
  name = "localhost:" + std::to_string(server->port());
  std::vector<Request> held;
  server->handle(1, [&](Request request) { held.push_back(std::move(request)); });
  Client client(io, trusting());
  int answered = 0;
  for (int i = 0; i < 10; ++i)
    client.call(name, wire::make_request(1), 10s, [&](auto r) { answered += r.has_value(); });
  EXPECT_TRUE(until([&] {
    EXPECT_LE(held.size(), 2u);
    if (!held.empty()) held.erase(held.begin());  // answers SYSTEM_ERROR
    return answered == 10;
  }));
}

TEST_F(Tls, GivenACertificateOfAnotherNameOrAuthorityWhenCalledThenTheHandshakeFails) {
  start_tls();
  net::TestAuthority other("another authority");
  net::TlsFiles files;
  files.ca_file = other.certificate_file();
  ClientConfig distrusting;
  distrusting.tls = net::TlsContext::client(files).value();
  Client client(io, distrusting);
  auto answer = call(client, name, echo_request());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unauthenticated);
  EXPECT_EQ(answer.error().message.find("the TLS handshake failed"), 0u) << answer.error().message;
  EXPECT_NE(answer.error().message.find("its certificate (localhost, issued by "), std::string::npos)
      << answer.error().message;

  net::TlsFiles wrong_name;
  wrong_name.ca_file = authority->certificate_file();
  wrong_name.advice = "Do this";
  ClientConfig advised;
  advised.tls = net::TlsContext::client(wrong_name).value();
  Client right_authority_wrong_name(io, advised);
  answer = call(right_authority_wrong_name, address, echo_request());
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("its certificate is for localhost, and 127.0.0.1 was asked for: ask by a name "
                                        "that it has, or issue it with the subjectAltName IP:127.0.0.1. Do this"),
            std::string::npos)
      << answer.error().message;

  net::TlsFiles any;
  any.verify_peer = false;
  ClientConfig careless;
  careless.tls = net::TlsContext::client(any).value();
  Client careless_client(io, careless);
  EXPECT_TRUE(call(careless_client, address, echo_request()));
}

TEST_F(Tls, GivenMutualTlsWhenTheClientHasACertificateThenItIsServedElseNot) {
  start_tls(true);
  Client with(io, trusting(client_files));
  auto answer = call(with, name, echo_request("mutual"));
  ASSERT_TRUE(answer) << answer.error().message;
  Client without(io, trusting());
  EXPECT_FALSE(call(without, name, echo_request()));
}

TEST_F(Tls, GivenGarbageOrSilenceAfterTheFirstByteWhenHandshakingThenTheConnectionIsClosed) {
  start_tls();
  RawPeer garbage(io, server->port());
  garbage.send(std::string("\x16") + std::string(100, 'g'));
  RawPeer silent(io, server->port());
  silent.send(std::string("\x16\x03\x01", 3));
  RawPeer gone(io, server->port());
  gone.socket().shutdown(tcp::socket::shutdown_both);
  EXPECT_TRUE(until([&] { return garbage.closed() && silent.closed() && server->stats().connections == 0; }));
}

TEST_F(Tls, GivenAServerOverTlsWhenItStopsDuringTrafficThenCallsEnd) {
  start_tls();
  Client client(io, trusting());
  ASSERT_TRUE(call(client, name, echo_request()));
  int ended = 0;
  for (int i = 0; i < 50; ++i) client.call(name, echo_request(std::string(100'000, 'x')), 10s, [&](auto) { ++ended; });
  ASSERT_TRUE(until([&] { return ended > 3; }));
  server->stop();
  EXPECT_TRUE(until([&] { return ended == 50; }));
}

}  // namespace
}  // namespace gantry::remoting
