// kill -9 of the broker in the middle of the burst, and its restart: nothing acknowledged is lost, the run completes.
#include "integration/up_process.h"

namespace gantry::integration {
namespace {

class UpBrokerRestart : public WithUp, public testing::WithParamInterface<const char*> {
 protected:
  std::unique_ptr<Running> start_broker() {
    return std::make_unique<Running>(
        directory, std::vector<std::string>{"broker", "--namesrv-listen", name_server, "--listen", address, "--data",
                                            (directory / "data").string(), "--flush", GetParam()});
  }
  std::pair<int, int> ports = free_ports();
  std::string name_server = "127.0.0.1:" + std::to_string(ports.first);
  std::string address = "127.0.0.1:" + std::to_string(ports.second);
};

TEST_P(UpBrokerRestart, GivenTheBrokerIsKilledInMidBurstWhenRestartedThenNothingIsLostAndTheRunCompletes) {
  auto broker = start_broker();
  start_up(replaced(quick_example(R"({"topic": "orders", "messages": 1200, "rate_per_s": 400})"), "20ms", "10ms"),
           {"--namesrv", name_server, "--duration", "60s"});
  // in the middle: messages still come, and workers are at work
  ASSERT_TRUE(state_comes([](const json::object& state) {
    const auto& totals = state.at("totals").as_object();
    return totals.at("replicas").as_int64() > 0 && totals.at("sent").as_int64() > 300;
  }));
  broker->signal(SIGKILL);
  broker->wait();
  ASSERT_TRUE(state_comes([](const json::object& state) { return state.at("totals").at("lag").is_null(); }));
  broker = start_broker();
  const Ended ended = up->wait(std::chrono::seconds(70));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const auto verdict = report().at("verdict").as_object();
  EXPECT_EQ(verdict.at("lost"), 0) << json::serialize(verdict);
  EXPECT_EQ(verdict.at("final_lag"), 0);
  EXPECT_EQ(verdict.at("final_replicas"), 0);
  const auto last = report().at("samples").as_array().back();
  EXPECT_EQ(last.at("sent"), 1200);
  // a message whose acknowledgement the kill cut off is sent again, and so stored twice
  EXPECT_GE(last.at("consumed").as_int64(), 1200);
}

INSTANTIATE_TEST_SUITE_P(Flush, UpBrokerRestart, testing::Values("async", "sync"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gantry::integration
