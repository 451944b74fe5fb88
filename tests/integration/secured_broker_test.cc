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

  // Of the `gantry consume` processes of this test.
  std::vector<std::string> command_lines_of_workers() const {
    std::vector<std::string> lines;
    std::error_code ignored;
    for (const auto& process : std::filesystem::directory_iterator("/proc", ignored)) {
      std::string line = read_file(process.path() / "cmdline");
      std::ranges::replace(line, '\0', ' ');
      if (line.find("gantry consume") == std::string::npos) continue;
      if (read_file(process.path() / "environ").find("NAMESRV_ADDR=" + name_server) == std::string::npos) continue;
      lines.push_back(std::move(line));
    }
    return lines;
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

// Whoever gives `gantry up` a cluster gives it to the workers too, which the YAML need not repeat.
TEST_F(Secured, GivenGantryUpThenItAndItsWorkersUseWhatItWasGivenAndNoKeyIsOnACommandLine) {
  const std::string file = (directory / "up.yaml").string();
  std::ofstream(file) << replaced(quick_example(R"({"topic": "orders", "messages": 100})"),
                                  "\"--namesrv\", \"$(NAMESRV)\", ", "");
  ASSERT_EQ(run(signed_by("admin", {"topic", "create", "--topic", "orders", "--queues", "4"})).code, 0);
  const auto up = [&](std::vector<std::string> more, std::vector<std::string> environment = {}) {
    std::vector<std::string> arguments = {"up",          "-f",        file,        "--http",
                                          "127.0.0.1:0", "--namesrv", name_server, "--generate"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Running>(directory, arguments, std::move(environment));
  };
  auto running =
      up({"--duration", "40s"}, {"GANTRY_ACCESS_KEY=app", "GANTRY_SECRET_KEY=app-secret", "GANTRY_TLS=true",
                                 "GANTRY_TLS_CA=" + std::filesystem::relative(authority.certificate_file()).string()});
  EXPECT_TRUE(eventually([&] { return !command_lines_of_workers().empty(); })) << running->out() << running->err();
  for (const std::string& line : command_lines_of_workers()) EXPECT_THAT(line, testing::Not(HasSubstr("secret")));
  const Ended ended = running->wait(std::chrono::seconds(60));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Ended by_options = up(signed_by("app", {"--duration", "40s"}))->wait(std::chrono::seconds(60));
  EXPECT_EQ(by_options.code, 0) << by_options.out << by_options.err;

  const Ended distrustful =
      up({"--tls", "--access-key", "app", "--secret-key", "app-secret", "--duration", "3s"})->wait();
  EXPECT_EQ(distrustful.code, 1);
  EXPECT_THAT(distrustful.out + distrustful.err, HasSubstr("certificate"));
}

TEST_F(Secured, GivenKeysInTheEnvironmentThenAnEmbeddedBrokerIsReachedWithoutThem) {
  Running up(directory,
             {"up", "-f", std::string(GANTRY_SOURCE_DIR) + "/examples/orders.yaml", "--http", "127.0.0.1:0",
              "--namesrv-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"},
             {"GANTRY_ACCESS_KEY=app", "GANTRY_SECRET_KEY=app-secret", "GANTRY_TLS=true"});
  EXPECT_TRUE(eventually([&] { return up.out().find("the burst of 12,000 is sent") != std::string::npos; }))
      << up.out() << up.err();
  up.signal(SIGINT);
  up.wait();
}

TEST_F(Secured, GivenABadCertificateFileThenTheBrokerNamesItAndDoesNotStart) {
  const Ended ended = run({"broker", "--namesrv-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--data",
                           (directory / "other").string(), "--tls-cert", "/none.pem", "--tls-key", "/none.key"});
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("/none.pem"));
  EXPECT_FALSE(std::filesystem::exists(directory / "other"));
}

// What is left out, or empty since a shell's variable is not set, must not end in a broker without TLS.
TEST_F(Secured, GivenTlsFilesThatAreNotAllNamedThenBrokerAndControllerSayWhatIsMissingAndDoNotStart) {
  const std::string data = directory / "other";
  const std::vector<std::string> broker{"broker",      "--namesrv-listen", "127.0.0.1:0", "--listen",
                                        "127.0.0.1:0", "--data",           data};
  const std::vector<std::string> controller{"controller", "--self", "n0", "--peers", "n0-127.0.0.1:1", "--data", data};
  const struct {
    std::vector<std::string> command, tls;
    const char* says;
  } cases[] = {
      {broker, {"--tls-key", "k"}, "--tls-key requires --tls-cert"},
      {broker, {"--tls-cert", "c"}, "--tls-cert requires --tls-key"},
      {broker, {"--tls-ca", "a"}, "--tls-ca requires --tls-cert"},
      {broker, {"--tls-cert", "", "--tls-key", "k"}, "--tls-cert: the name of a file is expected, got nothing"},
      {controller, {"--tls-key", "k"}, "not given: --tls-cert (tls.certificate), --tls-ca (tls.ca)"},
      {controller, {"--tls-cert", "", "--tls-key", "", "--tls-ca", ""}, "the name of a file is expected, got nothing"},
  };
  for (const auto& c : cases) {
    std::vector<std::string> arguments = c.command;
    arguments.insert(arguments.end(), c.tls.begin(), c.tls.end());
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << c.says;
    EXPECT_THAT(ended.err, HasSubstr(c.says));
  }
  EXPECT_FALSE(std::filesystem::exists(data));
}

}  // namespace
}  // namespace gantry::integration
