// gantry bench: every case yields a row that can be compared, and what fails is told.
#include <gmock/gmock.h>

#include "integration/gantry_process.h"

namespace gantry::integration {
namespace {

using testing::HasSubstr;

class Bench : public WithBroker {
 protected:
  std::vector<std::string> bench(std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "bench", "broker", "--target", "ours=" + name_server + "@" + std::to_string(broker->pid()), "--queues", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_F(Bench, GivenEachCaseThenItsRowHasThroughputLatencyAndTheServersCost) {
  // large bodies where the case fills its topic by bytes, small ones where it does so by messages
  const std::vector<std::string> runs[] = {
      {"--case", "send,batch,lag", "--size", "128", "--in-flight", "1,8", "--seconds", "0.1"},
      {"--case", "pull", "--size", "65536", "--in-flight", "2", "--seconds", "0.1"},
      {"--case", "pop", "--size", "16", "--in-flight", "1", "--seconds", "0.01"}};
  std::map<std::string, int> rows;
  for (std::vector<std::string> arguments : runs) {
    arguments.insert(arguments.end(), {"-o", "json"});
    const Ended ended = start(bench(arguments))->wait(std::chrono::seconds(90));
    ASSERT_EQ(ended.code, 0) << ended.err;
    for (const json::object& row : ended.lines()) {
      ++rows[std::string(row.at("case").as_string())];
      const std::string text = json::serialize(row);
      EXPECT_EQ(row.at("target"), "ours");
      EXPECT_EQ(row.at("failed"), 0) << text;
      EXPECT_GT(row.at("ops_per_s").to_number<double>(), 0) << text;
      EXPECT_GT(row.at("p50_ms").to_number<double>(), 0) << text;
      EXPECT_GE(row.at("p99_ms").to_number<double>(), row.at("p50_ms").to_number<double>()) << text;
      EXPECT_GE(row.at("server_cpu_s").to_number<double>(), 0) << text;
      EXPECT_GT(row.at("server_rss_mib").to_number<double>(), 1) << text;
      EXPECT_FALSE(row.contains("first_error")) << text;
    }
  }
  EXPECT_EQ(rows, (std::map<std::string, int>{{"batch", 2}, {"lag", 2}, {"pop", 1}, {"pull", 1}, {"send", 2}}));
}

TEST_F(Bench, GivenABrokerThatDiesInTheMiddleThenFailuresAreCountedAndTheFirstIsNamed) {
  auto running = start(bench({"--case", "send", "--size", "16", "--in-flight", "1", "--seconds", "2"}));
  ASSERT_TRUE(eventually([&] { return run({"topic", "list"}).out.find("bench_send") != std::string::npos; }));
  broker->signal(SIGKILL);
  const Ended ended = running->wait();
  EXPECT_THAT(ended.out, HasSubstr("ops/s"));
  EXPECT_THAT(ended.out, HasSubstr("first error: "));
  EXPECT_THAT(ended.out, HasSubstr(broker_address));
}

TEST_F(Bench, GivenATargetThatIsNotThereThenItSaysSo) {
  const Ended ended = run({"bench", "broker", "--target", "dead=127.0.0.1:1", "--case", "send"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("127.0.0.1:1"));
  for (const char* target : {"noname", "=127.0.0.1:1", "a=127.0.0.1:1@x", "a=127.0.0.1:1@-1"}) {
    const Ended bad = run({"bench", "broker", "--target", target});
    EXPECT_EQ(bad.code, 2) << target;
    EXPECT_THAT(bad.err, HasSubstr(target));
  }
}

}  // namespace
}  // namespace gantry::integration
