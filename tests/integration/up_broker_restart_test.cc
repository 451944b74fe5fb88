// kill -9 in the middle of the burst, of the broker (and its restart) or of a worker: nothing acknowledged is lost, the
// run completes, and nothing is called lost that somebody may have handled.
#include "integration/up_process.h"

namespace gantry::integration {
namespace {

class UpBrokerRestart : public WithUp, public testing::WithParamInterface<const char*> {
 protected:
  // And waits until it answers: what was consumed before `gantry up` could read it is not in its count.
  std::unique_ptr<Running> start_broker() {
    auto broker = std::make_unique<Running>(
        directory, std::vector<std::string>{"broker", "--namesrv-listen", name_server, "--listen", address, "--data",
                                            (directory / "data").string(), "--flush", GetParam()});
    EXPECT_TRUE(eventually([&] {
      return Running(directory, {"topic", "list", "--namesrv", name_server}).wait().code == 0 || broker->ended();
    })) << broker->err();
    return broker;
  }
  // The run ended well, and what it says last on the terminal is what the report says.
  void expect_absorbed() {
    json::object last;  // for who has to find out why it was not absorbed
    eventually(
        [&] {
          if (json::object now = state(); !now.empty()) last = std::move(now);
          return up->ended();
        },
        std::chrono::seconds(70));
    const Ended ended = up->wait();
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err << json::serialize(last);
    const auto verdict = report().at("verdict").as_object();
    EXPECT_EQ(verdict.at("lost"), 0) << json::serialize(verdict);
    EXPECT_EQ(verdict.at("final_lag"), 0);
    EXPECT_EQ(verdict.at("final_replicas"), 0);
    EXPECT_EQ(report().at("samples").as_array().back().at("sent"), 1200);
    const auto done = ended.out.rfind("done: ");
    ASSERT_NE(done, std::string::npos) << ended.out;
    const bool all_known = verdict.at("unknown") == 0;
    EXPECT_EQ(ended.out.find("done: the burst of 1,200 is consumed", done) != std::string::npos, all_known)
        << ended.out;
    EXPECT_THAT(std::string(verdict.at("reason").as_string()),
                testing::HasSubstr(all_known ? "are back at 0" : "; of its messages "));
    RecordProperty("unknown", static_cast<int>(verdict.at("unknown").as_int64()));
  }
  bool workers_are_at_work() {
    return state_comes([](const json::object& state) {
      const auto& totals = state.at("totals").as_object();
      return totals.at("replicas").as_int64() > 0 && totals.at("sent").as_int64() > 300;
    });
  }
  static std::string burst() {
    return replaced(quick_example(R"({"topic": "orders", "messages": 1200, "rate_per_s": 400})"), "20ms", "10ms");
  }

  std::pair<int, int> ports = free_ports();
  std::string name_server = "127.0.0.1:" + std::to_string(ports.first);
  std::string address = "127.0.0.1:" + std::to_string(ports.second);
};

TEST_P(UpBrokerRestart, GivenTheBrokerIsKilledInMidBurstWhenRestartedThenNothingIsLostAndTheRunCompletes) {
  auto broker = start_broker();
  start_up(burst(), {"--namesrv", name_server, "--generate", "--duration", "60s"});
  ASSERT_TRUE(workers_are_at_work());
  broker->signal(SIGKILL);
  broker->wait();
  ASSERT_TRUE(state_comes([](const json::object& state) { return state.at("totals").at("lag").is_null(); }));
  broker = start_broker();
  expect_absorbed();
  // a message whose acknowledgement the kill cut off is sent again, and so stored twice
  EXPECT_GE(report().at("samples").as_array().back().at("consumed").as_int64(), 1200);
  std::int64_t before = 0;  // unknown while the broker was away, and never less than it was
  const json::object all = report();
  for (const auto& sample : all.at("samples").as_array()) {
    if (sample.at("lag").is_null()) {
      EXPECT_TRUE(sample.at("consumed").is_null()) << json::serialize(sample);
    }
    if (sample.at("consumed").is_null()) continue;
    EXPECT_GE(sample.at("consumed").as_int64(), before) << json::serialize(sample);
    before = sample.at("consumed").as_int64();
  }
}

TEST_P(UpBrokerRestart, GivenAWorkerThatIsKilledInMidBurstThenNothingIsCalledLost) {
  auto broker = start_broker();
  start_up(burst(), {"--namesrv", name_server, "--generate", "--duration", "60s"});
  ASSERT_TRUE(workers_are_at_work());
  int killed = 0;
  ASSERT_TRUE(state_comes([&](const json::object& state) {
    for (const auto& worker : state.at("workers").as_array()) {
      if (killed < 3 && worker.at("pid").is_int64() && worker.at("state") == "running")
        killed += kill(static_cast<pid_t>(worker.at("pid").as_int64()), SIGKILL) == 0 ? 1 : 0;
    }
    return killed == 3;
  }));
  expect_absorbed();
}

INSTANTIATE_TEST_SUITE_P(Flush, UpBrokerRestart, testing::Values("async", "sync"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gantry::integration
