// A controller as people configure and watch it: its YAML file, --check, probes and metrics over HTTP.
#include <gmock/gmock.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>

#include "controller/http_listener.h"
#include "integration/gantry_process.h"
#include "net/io_thread.h"
#include "unit/net/certificates.h"

namespace gantry::integration {
namespace {

using testing::HasSubstr;

std::string http_get(int port, const std::string& path) {
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code error;
  socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)}, error);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  boost::asio::write(socket, boost::asio::buffer(request), error);
  std::string text;
  boost::asio::read(socket, boost::asio::dynamic_buffer(text), error);
  return text;
}

class ControllerHttp : public testing::Test {
 protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("gantry-controller-http-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    std::tie(port, http) = free_ports();
    other = free_ports().first;
  }
  void TearDown() override {
    controller.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  std::string file(const std::string& more = {}) {
    const auto path = directory / "controller.yaml";
    std::ofstream(path) << "peers: {n0: '127.0.0.1:" << port << "'}\nhttp: '127.0.0.1:" << http
                        << "'\ndataDirectory: " << (directory / "data").string() << "\n"
                        << more;
    return path.string();
  }
  void start(std::vector<std::string> more) {
    std::vector<std::string> arguments{"controller"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    controller = std::make_unique<Running>(directory, arguments);
  }
  Ended check(const std::string& config, std::vector<std::string> more = {"--self", "n0"}) {
    more.insert(more.begin(), {"controller", "--config", config, "--check"});
    return Running(directory, more).wait();
  }
  std::string get(const std::string& path) const { return http_get(http, path); }

  std::filesystem::path directory;
  int port = 0, http = 0, other = 0;
  std::unique_ptr<Running> controller;
};

TEST(ControllerHttpListener, GivenADirectoryThatHangsThenProbesAndMetricsStillAnswer) {
  net::IoThread service("service");
  service.start();
  std::promise<void> hang;
  std::atomic<int> measured = 0;
  controller::HttpListener::Sources sources;
  sources.node = [] { return controller::NodeView{}; };
  sources.numbers = [] {
    controller::NumbersView numbers;
    numbers.changes.resize(controller::Meters::kReasons);
    numbers.raft = std::make_shared<controller::RaftGauges>();
    return numbers;
  };
  sources.sets = [](std::string_view, std::size_t) { return std::vector<controller::SetView>{}; };
  sources.disk_usage = [&, released = hang.get_future().share()]() -> std::optional<std::uint64_t> {
    if (++measured > 1) released.wait();
    return 4711;
  };
  sources.disk_usage_max_age = {};
  const int port = free_ports().first;
  auto listener = service.call([&] {
    return controller::HttpListener::start(service.io(), {"127.0.0.1", static_cast<std::uint16_t>(port)}, sources);
  });
  ASSERT_TRUE(listener) << listener.error().message;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(http_get(port, "/metrics"), HasSubstr("dledger_disk_usage_bytes{")) << i;
    EXPECT_THAT(http_get(port, "/healthz"), HasSubstr("ok\n")) << i;
  }
  EXPECT_TRUE(eventually([&] { return measured == 2; })) << "one that waits for the disk, and no more";
  hang.set_value();
  service.call([&] { (*listener)->stop(); });
  service.stop();
}

TEST_F(ControllerHttp, GivenAFileThenCheckSaysWhatAStartWouldDoAndAStartDoesIt) {
  const std::string config = file();
  const Ended checked = check(config);
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("which is empty: forms a group of its own"));
  EXPECT_THAT(checked.err, HasSubstr("warning: one controller alone"));
  EXPECT_FALSE(std::filesystem::exists(directory / "data")) << "nothing was done";

  start({"--config", config, "--self", "n0"});
  ASSERT_TRUE(eventually([&] { return get("/readyz").starts_with("HTTP/1.1 200"); })) << controller->err();
  EXPECT_THAT(get("/readyz"), HasSubstr("leads in term"));
  EXPECT_THAT(get("/healthz"), HasSubstr("ok\n"));
  const std::string metrics = get("/metrics");
  EXPECT_THAT(metrics, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(metrics, HasSubstr("\ngantry_controller_ready 1\n"));
  EXPECT_THAT(metrics, HasSubstr("peer_id=\"n0\"} 3\n")) << "role: leader";
  EXPECT_THAT(metrics, HasSubstr("\ndledger_disk_usage_bytes{"));
  EXPECT_THAT(metrics, HasSubstr("\ngantry_controller_log_sync_seconds_count "));
  EXPECT_THAT(get("/"), HasSubstr("<title>Gantry controller</title>"));
  EXPECT_THAT(check(config).out, HasSubstr("of a member of a group: goes on as that one"));
  controller->signal(SIGTERM);
  EXPECT_EQ(controller->wait().code, 0);
}

TEST_F(ControllerHttp, GivenAPeerThatIsSilentThenItIsAliveButNotReadyAndSaysWhomItWaitsFor) {
  const std::string silent = "127.0.0.1:" + std::to_string(other);
  start({"--self", "n0", "--peers", "n0-127.0.0.1:" + std::to_string(port) + ";n1-" + silent, "--data",
         (directory / "data").string(), "--http", "127.0.0.1:" + std::to_string(http)});
  ASSERT_TRUE(eventually([&] { return get("/healthz").starts_with("HTTP/1.1 200"); })) << controller->err();
  EXPECT_TRUE(eventually([&] {
    const std::string ready = get("/readyz");
    return ready.starts_with("HTTP/1.1 503") && ready.find("no answer yet of n1 at " + silent) != std::string::npos;
  })) << get("/readyz");
  EXPECT_THAT(get("/metrics"), HasSubstr("\ngantry_controller_ready 0\n"));
}

TEST_F(ControllerHttp, GivenOptionsBesideAFileThenThoseThatAreGivenCountMore) {
  net::TestAuthority authority("the controllers' authority");
  const net::TlsFiles of_file = authority.issue("localhost");
  const std::string config =
      file("uncleanElection: true\nleaseReads: true\ntls: {certificate: " + of_file.certificate_file +
           ", key: " + of_file.key_file + ", ca: " + authority.certificate_file() + "}\n");
  const auto warnings = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"--self", "n0"});
    const Ended checked = check(config, options);
    EXPECT_EQ(checked.code, 0) << checked.err;
    return checked.err;
  };
  EXPECT_THAT(warnings({}), testing::AllOf(HasSubstr("unclean election is on"), HasSubstr("lease reads are on")));
  EXPECT_THAT(warnings({"--unclean-election=false"}),
              testing::AllOf(Not(HasSubstr("unclean election")), HasSubstr("lease reads are on")));
  EXPECT_THAT(check(config, {"--self", "n0", "--tls-required"}).out, HasSubstr("with TLS alone"))
      << "by the certificate of the file";
  const Ended other_key = check(config, {"--self", "n0", "--tls-key", "/no/such/key"});
  EXPECT_EQ(other_key.code, 2);
  EXPECT_THAT(other_key.err, HasSubstr("/no/such/key"));
  EXPECT_THAT(check(file(), {"--self", "n0", "--tls-required"}).err, HasSubstr("no certificate"));
}

TEST_F(ControllerHttp, GivenMistakesThenTheyAreNamedWithFileAndLineAndNothingStarts) {
  EXPECT_THAT(check(file("uncleanelection: true\n")).err, HasSubstr("controller.yaml:4: uncleanelection: "));
  EXPECT_THAT(check(file(), {}).err, HasSubstr("expected self, or the option --self"));
  const Ended wrong = check(file(), {"--self", "n7"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("this controller is n7, but the peers do not name it"));
  EXPECT_EQ(check((directory / "none.yaml").string()).code, 1);
  const Ended no_directory = check(file(), {"--self", "n0", "--data", "/dev/null"});
  EXPECT_EQ(no_directory.code, 2);
  EXPECT_THAT(no_directory.err, HasSubstr("/dev/null is no directory"));
}

TEST_F(ControllerHttp, GivenAPropertyThatIsNearlyAKnownOneThenCheckNamesItsLineAndFailsAndAnotherOneIsAWarning) {
  const auto properties = directory / "controller.properties";
  const auto check_with = [&](const std::string& more) {
    std::ofstream(properties) << "controllerDLegerPeers=n0-127.0.0.1:" << port << "\ncontrollerDLegerSelfId=n0\n"
                              << "controllerStorePath=" << (directory / "data").string() << "\n"
                              << more;
    Running command(directory, {"controller", "--properties", properties.string(), "--check"});
    return command.wait();
  };
  const Ended misspelt = check_with("enableElectUncleanMastr=true\n");
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.out + misspelt.err,
              HasSubstr("controller.properties:4: enableElectUncleanMastr is unknown, here and "
                        "to the Java controller: did you mean enableElectUncleanMaster?"));
  const Ended of_others = check_with("controllerAddr=a:1\nmetricsPromExporterPort=5557\n");
  EXPECT_EQ(of_others.code, 0) << of_others.err;
  EXPECT_THAT(of_others.out + of_others.err, HasSubstr("controller.properties:4: controllerAddr is unknown"));
  EXPECT_THAT(of_others.out + of_others.err, HasSubstr("--http :5557"));
}

}  // namespace
}  // namespace gantry::integration
