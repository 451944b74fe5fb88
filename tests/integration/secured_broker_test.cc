// A broker that wants TLS certificates to be checked and requests to be signed, reached under a host name.
#include <gmock/gmock.h>

#include "integration/up_process.h"
#include "unit/net/certificates.h"

namespace gantry::integration {
namespace {

using testing::HasSubstr;

class Secured : public WithBroker {
 protected:
  void SetUp() override {
    const net::TlsFiles files = authority.issue("localhost");
    directory = std::filesystem::temp_directory_path() / ("gantry-secured-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    const auto [a, b] = free_ports();
    name_server = "localhost:" + std::to_string(a);
    broker_address = "localhost:" + std::to_string(b);
    broker = std::make_unique<Running>(
        directory, std::vector<std::string>{"broker", "--namesrv-listen", name_server, "--listen", broker_address,
                                            "--advertise", "localhost", "--data", (directory / "data").string(),
                                            "--tls-cert", files.certificate_file, "--tls-key", files.key_file, "--user",
                                            "admin:admin-secret", "--user", "app:app-secret"});
    ASSERT_TRUE(eventually([&] { return broker->ended() || run(signed_by("admin", {"topic", "list"})).code == 0; }));
    ASSERT_FALSE(broker->ended()) << broker->err();
  }
  std::vector<std::string> with_tls(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--tls", "--tls-ca", authority.certificate_file()});
    return arguments;
  }
  std::vector<std::string> signed_by(const std::string& user, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--access-key", user, "--secret-key", user + "-secret"});
    return with_tls(std::move(arguments));
  }

  net::TestAuthority authority{"the team's authority"};
};

TEST_F(Secured, GivenCertificateAndKeysThenMessagesGoThroughAndAllOthersAreToldWhy) {
  ASSERT_EQ(run(signed_by("admin", {"topic", "create", "--topic", "t", "--queues", "1"})).code, 0);
  const Ended sent = run(signed_by("app", {"send", "--topic", "t", "--count", "5"}));
  EXPECT_EQ(sent.code, 0) << sent.err;
  const Ended got = run(
      signed_by("app", {"consume", "--topic", "t", "--group", "g", "--mode", "pull", "--count", "5", "-o", "json"}));
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.lines().size(), 5U);

  struct Case {
    const char* what;
    std::vector<std::string> arguments;
    const char* error;
  };
  const Case cases[] = {
      {"not signed", with_tls({"send", "--topic", "t", "--count", "1"}), "access key"},
      {"wrong key",
       with_tls({"send", "--topic", "t", "--count", "1", "--access-key", "app", "--secret-key", "guessed"}),
       "signature"},
      {"no admin", signed_by("app", {"topic", "delete", "--topic", "t"}), "app"},
      {"authority not trusted",
       {"send", "--topic", "t", "--count", "1", "--tls", "--access-key", "app", "--secret-key", "app-secret"},
       "certificate"},
      {"no such authority file",
       {"send", "--topic", "t", "--count", "1", "--tls", "--tls-ca", "/none.pem"},
       "/none.pem"},
  };
  for (const Case& c : cases) {
    const Ended ended = run(c.arguments);
    EXPECT_NE(ended.code, 0) << c.what;
    EXPECT_THAT(ended.err, HasSubstr(c.error)) << c.what;
    EXPECT_THAT(ended.err, testing::Not(HasSubstr("guessed"))) << c.what;
  }
}

TEST_F(Secured, GivenGantryUpThenItChecksTheCertificateLikeEveryOtherClient) {
  std::string yaml =
      replaced(quick_example(R"({"topic": "orders", "messages": 100})"), "\"--topic\", \"orders\"]",
               "\"--topic\", \"orders\", \"--tls\", \"--tls-ca\", \"" + authority.certificate_file() + "\"]");
  const std::string file = (directory / "up.yaml").string();
  std::ofstream(file) << yaml;
  ASSERT_EQ(run(signed_by("admin", {"topic", "create", "--topic", "orders", "--queues", "4"})).code, 0);
  const auto up = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"up", "-f", file, "--http", "127.0.0.1:0", "--namesrv", name_server};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return start(arguments)->wait(std::chrono::seconds(60));
  };
  const Ended ended = up(signed_by("app", {"--duration", "40s"}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;

  const Ended distrustful = up({"--tls", "--access-key", "app", "--secret-key", "app-secret", "--duration", "3s"});
  EXPECT_EQ(distrustful.code, 1);
  EXPECT_THAT(distrustful.out + distrustful.err, HasSubstr("certificate"));
}

TEST_F(Secured, GivenABadCertificateFileThenTheBrokerNamesItAndDoesNotStart) {
  const Ended ended = run({"broker", "--namesrv-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--data",
                           (directory / "other").string(), "--tls-cert", "/none.pem", "--tls-key", "/none.key"});
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("/none.pem"));
  EXPECT_FALSE(std::filesystem::exists(directory / "other"));
}

}  // namespace
}  // namespace gantry::integration
