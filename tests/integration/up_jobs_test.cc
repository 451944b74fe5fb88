// `gantry up` with a ScaledJob: one job a message, each by `gantry consume --one --exec`.
#include "integration/up_process.h"

namespace gantry::integration {
namespace {

using testing::HasSubstr;

class UpJobs : public WithUp {
 protected:
  // The example with another burst and other work, and one file in done/ for each piece of work that began.
  std::string yaml(int messages, const std::string& work) {
    std::filesystem::create_directories(directory / "done");
    std::string text = read_file(std::string(GANTRY_SOURCE_DIR) + "/examples/jobs.yaml");
    text = replaced(text, R"("messages": 40)", R"("messages": )" + std::to_string(messages));
    text = replaced(text, "\"start_after\": \"2s\"", "\"start_after\": \"0s\"");
    text = replaced(text, "cat > /dev/null; sleep 2",
                    "mktemp " + (directory / "done").string() + "/$GANTRY_KEYS.XXXXXX > /dev/null; " + work);
    return replaced(text, "\"--wait\", \"5s\"",
                    "\"--wait\", \"1s\", \"--invisible\", \"2s\", \"--retry-after\", \"1s\"");
  }
  // How often work began on each message.
  std::map<std::string, int> begun() const {
    std::map<std::string, int> counts;
    for (const auto& file : std::filesystem::directory_iterator(directory / "done"))
      ++counts[file.path().stem().string()];
    return counts;
  }
  static const json::object& job_of(const json::object& state) { return state.at("scaled_jobs").at(0).as_object(); }
  static std::int64_t total(const json::object& state, std::string_view name) {
    const json::value& value = state.at("totals").at(name);
    return value.is_null() ? -1 : value.as_int64();
  }
};

TEST_F(UpJobs, GivenABurstThenAsManyJobsRunAndEachMessageIsHandledOnce) {
  start_up(yaml(24, "sleep 0.3"), {"--duration", "60s"});
  const Ended ended = up->wait(std::chrono::seconds(70));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const auto counts = begun();
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [message, times] : counts) EXPECT_EQ(times, 1) << message;
  const json::object found = report();
  const json::object& verdict = found.at("verdict").as_object();
  EXPECT_EQ(verdict.at("lost"), 0);
  EXPECT_EQ(verdict.at("duplicated"), 0);
  EXPECT_EQ(verdict.at("unknown"), 0);
  EXPECT_LE(verdict.at("max_replicas").as_int64(), 8) << "maxReplicaCount";
}

TEST_F(UpJobs, GivenAJobThatIsKilledThenItsMessageComesAgainAndTheOthersAreNotTouched) {
  // where jobs take long to start, more are created than there are messages; those find nothing and end
  start_up(yaml(3, "sleep 5"));
  ASSERT_TRUE(state_comes([&](const json::object&) { return begun().size() == 3; }));
  const json::object before = state();
  const json::value pid = before.at("workers").at(0).at("pid");
  ASSERT_TRUE(pid.is_int64());
  kill(static_cast<pid_t>(pid.as_int64()), SIGKILL);
  ASSERT_TRUE(state_comes([&](const json::object& state) {
    return job_of(state).at("succeeded").as_int64() >= 3 && job_of(state).at("running") == 0 &&
           total(state, "lag") == 0;
  }));
  int twice = 0;
  for (const auto& [message, times] : begun()) twice += times == 2 ? 1 : 0;
  EXPECT_EQ(begun().size(), 3U);
  EXPECT_EQ(twice, 1) << "the killed one's, and only that";
}

TEST_F(UpJobs, GivenWorkThatFailsThenItIsTriedAgainAndTheFailureIsShownUntilItSucceeds) {
  // the first job fails for good after two retries, each of which gives its message back
  start_up(yaml(1, "echo no photo in $GANTRY_MESSAGE_ID; test $GANTRY_RECONSUME_TIMES -ge 4"));
  ASSERT_TRUE(state_comes([&](const json::object& state) { return job_of(state).at("failed").as_int64() >= 1; },
                          std::chrono::seconds(40)));
  const json::object failed = state();
  EXPECT_THAT(std::string(job_of(failed).at("last_failure").as_string()), HasSubstr("BackoffLimitExceeded"));
  EXPECT_THAT(std::string(job_of(failed).at("last_failure").as_string()), HasSubstr("no photo in"));
  EXPECT_TRUE(state_comes(
      [&](const json::object& state) {
        return job_of(state).at("succeeded").as_int64() >= 1 && job_of(state).at("last_failure") == "";
      },
      std::chrono::seconds(40)));
}

TEST_F(UpJobs, GivenMessagesInTheirSecondTryThenNoMoreJobsThanMessagesRunAndTheEndIsNotClaimed) {
  std::string text = yaml(2, "test $GANTRY_RECONSUME_TIMES -ge 1 || exit 1; sleep 8");
  start_up(replaced(text, "backoffLimit: 2", "backoffLimit: 0"));
  const auto twice = [&] {
    const auto counts = begun();
    return counts.size() == 2 && std::ranges::all_of(counts, [](const auto& count) { return count.second == 2; });
  };
  ASSERT_TRUE(state_comes([&](const json::object& state) { return twice() && job_of(state).at("running") == 2; }));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(4);  // four polls
  while (std::chrono::steady_clock::now() < until && !HasFailure()) {
    const json::object now = state();
    ASSERT_FALSE(now.empty());
    EXPECT_LE(job_of(now).at("running").as_int64(), 2);
    EXPECT_THAT(std::string(now.at("phase").as_string()), testing::Not(HasSubstr("absorbed")));
    EXPECT_THAT(up->out(), testing::Not(HasSubstr("100 % consumed")));
  }
}

TEST_F(UpJobs, GivenCtrlCThenJobsAreToldToEndAndNoneIsLeft) {
  const std::string told = (directory / "told").string();
  start_up(yaml(2, "trap \\\"mktemp " + told + ".XXXXXX; exit 1\\\" TERM; while :; do sleep 0.05; done"));
  ASSERT_TRUE(state_comes([&](const json::object&) { return begun().size() == 2; }));
  up->signal(SIGINT);
  EXPECT_EQ(up->wait().code, 0) << up->err();
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    files += file.path().filename().string().starts_with("told.") ? 1 : 0;
  }
  EXPECT_EQ(files, 2);
}

TEST_F(UpJobs, GivenExplainThenTheCountOfJobsIsExplained) {
  start_up(yaml(2, "sleep 1"));
  ASSERT_TRUE(state_comes([&](const json::object& state) { return job_of(state).at("running") == 2; }));
  Running explain(directory, {"explain", "resize", "--http", url()});
  const Ended ended = explain.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("resize (jobs, strategy accurate): "));
  EXPECT_THAT(ended.out, HasSubstr("wanted - "));
}

}  // namespace
}  // namespace gantry::integration
