// What goes wrong around `gantry up`: each fault is said on the terminal, on the page and in the log, and whatever is not
// concerned goes on. And Ctrl-C, which always takes less than two seconds.

#include "integration/small_disk.h"
#include "integration/up_process.h"

namespace gantry::integration {
namespace {

using std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;

class UpFaults : public WithUp {
 protected:
  static std::string text(const json::value& value) { return std::string(value.as_string()); }
  static std::string first_error(const json::object& state) {
    return text(state.at("scaled_objects").at(0).at("last_error"));
  }

  // Waits until the page says it, then looks whether terminal and log say it too.
  void expect_said_everywhere(const std::string& what) {
    ASSERT_TRUE(state_comes([&](const json::object& s) { return first_error(s).find(what) != std::string::npos; }));
    EXPECT_TRUE(eventually([&] { return up->out().find(what) != std::string::npos; })) << up->out();
    EXPECT_THAT(up->err(), AllOf(HasSubstr("scaled object orders: "), HasSubstr(what)));
    const auto now = state();
    EXPECT_TRUE(now.at("totals").at("lag").is_null());  // unknown, and not 0
    EXPECT_TRUE(now.at("scaled_objects").at(0).at("triggers").at(0).at("value").is_null());
  }

  void expect_ends_within_2_s(int signal) {
    const auto begin = steady_clock::now();
    up->signal(signal);
    const Ended ended = up->wait();
    EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(2));
    EXPECT_LT(ended.code, 128) << ended.err;
  }

  // The example and a second scaled object, billing, whose workers run `command`.
  static std::string with_billing(const std::string& command) {
    std::string yaml = quick_example();
    std::vector<std::string> documents;
    for (std::size_t at = 0, end; at != std::string::npos; at = end == std::string::npos ? end : end + 5) {
      end = yaml.find("\n---\n", at);
      documents.push_back(yaml.substr(at, end - at));
    }
    EXPECT_EQ(documents.size(), 3U);
    std::string workers = documents[1];
    std::string object = documents[2];
    for (std::size_t at; (at = workers.find("orders-worker\n")) != std::string::npos;)
      workers.replace(at, 6, "billing");
    const auto begin = workers.find("command:");
    workers.replace(begin, workers.find("env:", begin) - begin, "command: " + command + "\n          ");
    object = replaced(object, "name: orders-worker", "name: billing-worker");
    object = replaced(object, "name: orders\n", "name: billing\n");
    object = replaced(object, "orders-workers", "billing-workers");
    const auto generator = object.find("    gantry/generator");
    object.erase(generator, object.find('\n', generator) + 1 - generator);
    return yaml + "\n---\n" + workers + "\n---\n" + object;
  }
};

TEST_F(UpFaults, GivenAPortInUseThenItIsNamedWithItsOptionAndNothingStarts) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor holder(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string taken = "127.0.0.1:" + std::to_string(holder.local_endpoint().port());
  for (const std::string option : {"--http", "--namesrv-listen", "--listen"}) {
    std::vector<std::string> arguments = {"up", "-f", file("up.yaml", quick_example())};
    for (const std::string other : {"--http", "--namesrv-listen", "--listen"}) {
      arguments.insert(arguments.end(), {other, other == option ? taken : "127.0.0.1:0"});
    }
    up = std::make_unique<Running>(directory, arguments);
    const Ended ended = up->wait();
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, AllOf(HasSubstr(taken + ": the port is in use"), HasSubstr(option)));
    EXPECT_THAT(ended.out, testing::Not(HasSubstr("page")));
  }
}

TEST_F(UpFaults, GivenAnUnreachableNameServerThenItIsSaidEverywhereAndCtrlCEndsAtOnce) {
  start_up(quick_example(), {"--namesrv", "127.0.0.1:1"});
  expect_said_everywhere("cannot reach name server 127.0.0.1:1");
  expect_ends_within_2_s(SIGINT);
}

TEST_F(UpFaults, GivenAWrongKeyThenItIsSaidEverywhereAndNoSecretIsShown) {
  const auto [a, b] = free_ports();
  const std::string name_server = "127.0.0.1:" + std::to_string(a);
  Running broker(directory, {"broker", "--namesrv-listen", name_server, "--listen", "127.0.0.1:" + std::to_string(b),
                             "--data", (directory / "acl").string(), "--user", "admin:right-secret"});
  start_up(quick_example(), {"--namesrv", name_server, "--access-key", "admin", "--secret-key", "wrong-secret"});
  expect_said_everywhere("check --access-key and --secret-key");
  expect_ends_within_2_s(SIGTERM);
  EXPECT_THAT(up->out() + up->err(), testing::Not(HasSubstr("-secret\"")));
  EXPECT_THAT(up->out() + up->err(), testing::Not(HasSubstr("wrong-secret")));
}

TEST_F(UpFaults, GivenAnUnknownTopicThenItIsSaidAndWhenItIsCreatedAllIsWell) {
  const auto [a, b] = free_ports();
  const std::string name_server = "127.0.0.1:" + std::to_string(a);
  Running broker(directory, {"broker", "--namesrv-listen", name_server, "--listen", "127.0.0.1:" + std::to_string(b),
                             "--data", (directory / "data").string(), "--no-auto-create"});
  start_up(quick_example(), {"--namesrv", name_server});
  expect_said_everywhere("gantry topic create --topic orders");
  Running create(directory, {"topic", "create", "--topic", "orders", "--namesrv", name_server});
  EXPECT_EQ(create.wait().code, 0);
  ASSERT_TRUE(state_comes([](const json::object& s) { return s.at("totals").at("lag").is_int64(); }));
  EXPECT_TRUE(eventually([&] { return up->err().find("scaled object orders: well again") != std::string::npos; }));
  expect_ends_within_2_s(SIGINT);
}

TEST_F(UpFaults, GivenWorkersThatDieAtOnceThenTheReasonIsSaidEverywhereAndTheOtherObjectGoesOn) {
  start_up(with_billing(R"(["/bin/sh", "-c", "echo cannot open ledger.db >&2; exit 3"])"));
  ASSERT_TRUE(state_comes([](const json::object& s) {
    bool failing = false, well = false;
    for (const auto& worker : s.at("workers").as_array()) {
      failing |= text(worker.at("name")).starts_with("billing") && worker.at("restarts").as_int64() > 0 &&
                 text(worker.at("error")).find("exited with code 3") != std::string::npos;
      well |= text(worker.at("name")).starts_with("orders") && worker.at("state") == "running";
    }
    return failing && well && text(s.at("phase")).find("cannot open ledger.db") != std::string::npos;
  }));
  EXPECT_TRUE(eventually([&] { return up->out().find("cannot open ledger.db") != std::string::npos; }));
  EXPECT_THAT(up->err(), AllOf(HasSubstr("replica billing-worker-0: "), HasSubstr("cannot open ledger.db")));
  // orders are consumed to the last one, and their workers go
  ASSERT_TRUE(state_comes([](const json::object& s) {
    return s.at("groups").at(0).at("lag") == 0 && s.at("scaled_objects").at(0).at("current") == 0 &&
           s.at("generator").at("sent") == 600;
  }));
  expect_ends_within_2_s(SIGINT);
}

TEST_F(UpFaults, GivenWorkersOfAnotherGroupThenItIsSaidThatNoneIsAConsumerOfThisOne) {
  start_up(replaced(quick_example(), "\"--group\", \"orders-workers\"", "\"--group\", \"others\""));
  ASSERT_TRUE(state_comes(
      [](const json::object& s) {
        return !s.at("groups").as_array().empty() &&
               text(s.at("groups").at(0).at("problem")).ends_with("but none is a consumer of group orders-workers");
      },
      std::chrono::seconds(30)));
  EXPECT_THAT(text(state().at("phase")), HasSubstr(" replicas run, but none is a consumer of group orders-workers"));
  EXPECT_TRUE(eventually([&] { return up->out().find("none is a consumer of group") != std::string::npos; }));
  EXPECT_THAT(up->err(), HasSubstr("group orders-workers: "));
  expect_ends_within_2_s(SIGINT);
}

TEST_F(UpFaults, GivenMessagesSentByHandThenRatesAndTextsCountThemToo) {
  start_up(quick_example());
  const auto all_of = [](std::int64_t count) {
    return [count](const json::object& s) {
      return s.at("totals").at("incoming") == count && s.at("totals").at("consumed") == count;
    };
  };
  ASSERT_TRUE(state_comes([](const json::object& s) { return s.at("generator").at("sent") == 600; }));
  const std::string name_server = text(state().at("name_servers").at(0));
  Running send(directory, {"send", "--namesrv", name_server, "--topic", "orders", "--count", "400"});
  EXPECT_EQ(send.wait().code, 0);
  const std::string during = text(state().at("phase"));
  EXPECT_THAT(during, testing::Not(HasSubstr("left")));
  ASSERT_TRUE(state_comes(all_of(1000), std::chrono::seconds(40)));
  EXPECT_EQ(state().at("totals").at("sent"), 600);
  EXPECT_THAT(text(state().at("phase")), testing::Not(HasSubstr("all 600")));
  expect_ends_within_2_s(SIGINT);
}

TEST_F(UpFaults, GivenWorkersThatIgnoreSigtermThenCtrlCStillEndsThemWithinTwoSeconds) {
  start_up(with_billing(R"(["/bin/sh", "-c", "trap '' TERM INT; while :; do sleep 0.2; done"])"));
  std::vector<pid_t> pids;
  ASSERT_TRUE(state_comes([&](const json::object& s) {
    pids.clear();
    for (const auto& worker : s.at("workers").as_array()) {
      if (text(worker.at("name")).starts_with("billing") && worker.at("pid").is_int64())
        pids.push_back(static_cast<pid_t>(worker.at("pid").as_int64()));
    }
    return pids.size() >= 2;
  }));
  expect_ends_within_2_s(SIGINT);
  for (const pid_t pid : pids) EXPECT_EQ(kill(pid, 0), -1) << pid;
}

TEST_F(UpFaults, GivenTwoDeploymentsThatIgnoreSigtermThenCtrlCEndsThemAtTheSameTime) {
  const std::string stubborn = R"(["/bin/sh", "-c", "trap '' TERM INT; while :; do sleep 0.2; done"])";
  std::string yaml = with_billing(stubborn);
  const auto begin = yaml.find("command:");  // of the first one
  yaml.replace(begin, yaml.find("env:", begin) - begin, "command: " + stubborn + "\n          ");
  start_up(yaml);
  std::set<pid_t> pids;
  ASSERT_TRUE(state_comes([&](const json::object& s) {
    std::set<std::string> kinds;
    pids.clear();
    for (const auto& worker : s.at("workers").as_array()) {
      if (!worker.at("pid").is_int64()) continue;
      kinds.insert(text(worker.at("name")).substr(0, 3));
      pids.insert(static_cast<pid_t>(worker.at("pid").as_int64()));
    }
    return kinds.size() == 2;
  }));
  expect_ends_within_2_s(SIGINT);
  for (const pid_t pid : pids) EXPECT_EQ(kill(pid, 0), -1) << pid;
}

TEST_F(UpFaults, GivenASecondSignalThenTheExitCodeSaysThatItWasStoppedInTheMiddle) {
  const auto asked = directory / "asked", ready = directory / "ready";
  start_up(with_billing(
      fmt::format(R"(["/bin/sh", "-c", "trap 'touch {}' TERM INT; touch {}; while :; do sleep 0.2; done"])",
                  asked.string(), ready.string())));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(ready); }));
  up->signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(asked); }));  // two signals at once are one
  up->signal(SIGINT);
  EXPECT_EQ(up->wait().code, 130);
}

TEST_F(UpFaults, GivenOtherHostsToListenOnThenTheyAreUsedAndAFailedStartLeavesNoReport) {
  start_up(quick_example(), {"--namesrv-listen", "127.0.0.2:0", "--listen", "127.0.0.3:0"});
  ASSERT_TRUE(state_comes([](const json::object& s) {
    return text(s.at("name_servers").at(0)).starts_with("127.0.0.2:");
  })) << up->err();
  expect_ends_within_2_s(SIGINT);
  up = std::make_unique<Running>(
      directory, std::vector<std::string>{"up", "-f", file("up.yaml", quick_example()), "--namesrv-listen",
                                          "192.0.2.1:0", "--report", (directory / "none.json").string()});
  EXPECT_EQ(up->wait().code, 2);  // an address that this machine does not have
  EXPECT_FALSE(std::filesystem::exists(directory / "none.json"));
}

TEST_F(UpFaults, GivenADurationWhenInterruptedThenItEndsAtOnceWithItsReport) {
  start_up(quick_example(), {"--duration", "60s"});
  ASSERT_TRUE(state_comes([](const json::object& s) { return s.at("totals").at("replicas").as_int64() > 0; }));
  expect_ends_within_2_s(SIGINT);
  EXPECT_EQ(report().at("verdict").at("ok"), false);
}

TEST_F(UpFaults, GivenUpWasKilledThenTheNextOneRemovesTheDataThatItLeft) {
  const std::filesystem::path temporary = directory / "tmp";
  std::filesystem::create_directory(temporary);
  const auto start = [&] {
    up = std::make_unique<Running>(
        directory,
        std::vector<std::string>{"up", "-f", file("up.yaml", quick_example()), "--http", "127.0.0.1:0",
                                 "--namesrv-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"},
        std::vector<std::string>{"TMPDIR=" + temporary.string()});
    return eventually([&] { return url() != ""; });
  };
  const auto directories = [&] {
    return std::distance(std::filesystem::directory_iterator(temporary), std::filesystem::directory_iterator());
  };
  ASSERT_TRUE(start()) << up->err();
  up->signal(SIGKILL);
  up->wait();
  EXPECT_EQ(directories(), 1);
  ASSERT_TRUE(start()) << up->err();
  EXPECT_EQ(directories(), 1);  // its own
  expect_ends_within_2_s(SIGINT);
  EXPECT_EQ(directories(), 0);
}

TEST_F(UpFaults, GivenAReportThatCannotBeWrittenThenNothingStarts) {
  Running run(directory, {"up", "-f", file("up.yaml", quick_example()), "--report", "/nonexistent/r.json"});
  const Ended ended = run.wait();
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("--report /nonexistent/r.json"));
}

TEST_F(UpFaults, GivenAFullDiskThenSendsFailClearlyConsumptionGoesOnAndSpaceHeals) {
  const std::filesystem::path disk = directory / "disk";
  SmallDisk small(disk, "24m");
  if (!small.mounted()) GTEST_SKIP() << "needs root, to mount a small tmpfs";
  start_up(quick_example(R"({"topic": "orders", "messages": 8000, "body_size": 4096})"),
           {"--data", (disk / "data").string()});
  ASSERT_TRUE(state_comes([](const json::object& s) {
    return text(s.at("generator").at("error")).find("free some") != std::string::npos;
  }));
  EXPECT_TRUE(eventually([&] { return up->out().find("the burst waits: ") != std::string::npos; }));
  EXPECT_THAT(up->err(), AllOf(HasSubstr("the burst: cannot be sent now"), HasSubstr("free some")));
  // reading, deciding and consuming go on
  std::int64_t consumed = -1;
  ASSERT_TRUE(state_comes([&](const json::object& s) {
    const auto& now = s.at("totals").at("consumed");
    if (!now.is_int64() || s.at("totals").at("replicas").as_int64() == 0) return false;
    if (consumed < 0) consumed = now.as_int64();
    return now.as_int64() > consumed;
  }));
  ASSERT_TRUE(small.resize("400m"));
  EXPECT_TRUE(state_comes([](const json::object& s) { return s.at("generator").at("sent") == 8000; }));
  EXPECT_TRUE(eventually([&] { return up->err().find("the burst: well again") != std::string::npos; })) << up->err();
  expect_ends_within_2_s(SIGINT);
}

TEST_F(UpFaults, GivenARunningUpWhenAskedToExplainThenReadingTargetRuleAndResultAreSaid) {
  start_up(quick_example());
  ASSERT_TRUE(state_comes([](const json::object& s) { return s.at("totals").at("replicas").as_int64() >= 4; }));
  Running explain(directory, {"explain", "--http", url()});
  const Ended ended = explain.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("orders (Deployment/orders-worker)"), HasSubstr("reading"),
                               HasSubstr("target 100 per replica"), HasSubstr("the HPA looks again in 1 s (every 1 s"),
                               HasSubstr("decision")));
  Running unknown(directory, {"explain", "nobody", "--http", url()});
  const Ended missing = unknown.wait();
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("there is no scaled object nobody: there is orders"));
  Running as_json(directory, {"explain", "orders", "--http", url(), "-o", "json"});
  EXPECT_EQ(json::parse(as_json.wait().out).at(0).at("triggers").at(0).at("target_type"), "AverageValue");
  expect_ends_within_2_s(SIGINT);
  Running nothing(directory, {"explain", "--http", url()});
  const Ended gone = nothing.wait();
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, HasSubstr("gantry up -f FILE"));
}

}  // namespace
}  // namespace gantry::integration
