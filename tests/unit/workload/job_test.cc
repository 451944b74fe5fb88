#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "support.h"
#include "workload/job_set.h"

namespace gantry::workload {
namespace {

using std::chrono::milliseconds;
using test::is_gone;
using test::run_until;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A ScaledJob whose pods run a script.
struct Jobs {
  boost::asio::io_context io;
  std::vector<std::string> lines;
  std::unique_ptr<JobSet> set;

  explicit Jobs(const std::string& script, const std::function<void(kube::JobTemplate&)>& change = {}) {
    auto manifest = std::make_shared<kube::Manifest>();
    kube::ScaledJob& object = manifest->scaled_jobs.emplace_back();
    object.metadata.name = "resize";
    object.job.pod.containers.emplace_back().name = "main";
    object.job.pod.containers[0].command = {"/bin/sh", "-c", script};
    if (change) change(object.job);
    JobSetOptions options;
    options.backoff = {.delay_first = milliseconds(20), .delay_max = milliseconds(60)};
    options.jobs_max = 50;
    options.on_line = [this](std::string_view job, std::string_view line) {
      lines.push_back(std::string(job) + ": " + std::string(line));
    };
    auto made = JobSet::create(io, manifest, object, options);
    EXPECT_TRUE(made) << made.error().message;
    if (made) set = std::move(*made);
  }
  JobStatus job(std::size_t index = 0) const { return set->jobs().at(index); }
  bool until(const std::function<bool()>& condition) { return run_until(io, condition); }
  bool finished() {
    return until([this] { return set->running() == 0; });
  }
};

TEST(JobSets, GivenJobsWhenStartedThenEachRunsOnceUnderItsName) {
  Jobs jobs("echo $POD_NAME");
  ASSERT_TRUE(jobs.set->start(3));
  EXPECT_EQ(jobs.set->running(), 3);
  EXPECT_EQ(jobs.set->pending(), 3);
  ASSERT_TRUE(jobs.finished());
  EXPECT_THAT(jobs.lines,
              testing::UnorderedElementsAre("resize-0: resize-0-0", "resize-1: resize-1-0", "resize-2: resize-2-0"));
  EXPECT_EQ(jobs.set->succeeded(), 3);
  EXPECT_EQ(jobs.set->failed(), 0);
  EXPECT_EQ(jobs.job().state, JobState::complete);
  EXPECT_TRUE(jobs.job().ended_at);
}

TEST(JobSets, GivenAPodThatRunsThenTheJobIsNotPendingAnyMore) {
  Jobs jobs("sleep 1000");
  ASSERT_TRUE(jobs.set->start(2));
  ASSERT_TRUE(jobs.until([&] { return jobs.set->pending() == 0; }));
  EXPECT_EQ(jobs.set->running(), 2);
  EXPECT_EQ(jobs.set->processes(), 2);
  EXPECT_EQ(jobs.job().state, JobState::running);
  EXPECT_TRUE(jobs.job().pid);
}

TEST(JobSets, GivenAPodThatFailsThenAnotherFollowsUntilTheBackoffLimit) {
  Jobs jobs("echo no photo; exit 3", [](kube::JobTemplate& job) { job.backoff_limit = 2; });
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.finished());
  EXPECT_EQ(jobs.lines.size(), 3U) << "the first one and two more";
  EXPECT_EQ(jobs.job().state, JobState::failed);
  EXPECT_EQ(jobs.job().reason, "BackoffLimitExceeded");
  EXPECT_EQ(jobs.job().failed, 3);
  EXPECT_EQ(jobs.set->failed(), 1);
  EXPECT_THAT(jobs.set->last_error(), HasSubstr("resize-0: BackoffLimitExceeded: exited with code 3"));
  EXPECT_THAT(jobs.set->last_error(), HasSubstr("no photo"));
}

TEST(JobSets, GivenAPodThatFailsOnceThenTheJobCompletes) {
  Jobs jobs("case $POD_NAME in resize-0-0) exit 1;; esac");
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.finished());
  EXPECT_EQ(jobs.job().state, JobState::complete);
  EXPECT_EQ(jobs.job().failed, 1);
  EXPECT_EQ(jobs.job().succeeded, 1);
  EXPECT_EQ(jobs.set->last_error(), "");
}

TEST(JobSets, GivenAPodThatFailedThenTheJobIsPendingUntilTheNextOne) {
  Jobs jobs("exit 1");
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.until([&] { return jobs.job().failed == 1; }));
  EXPECT_EQ(jobs.job().state, JobState::pending);
  EXPECT_EQ(jobs.set->pending(), 1);
}

TEST(JobSets, GivenAProgramThatDoesNotExistThenTheJobFailsAndSaysSo) {
  Jobs jobs("", [](kube::JobTemplate& job) {
    job.backoff_limit = 0;
    job.pod.local_command = {{"/nonesuch"}};
  });
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.finished());
  EXPECT_THAT(jobs.set->last_error(), HasSubstr("could not be started: No such file"));
}

TEST(JobSets, GivenAnActiveDeadlineThenPodsGetSigtermAndTheJobFails) {
  Jobs jobs("trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.01; done",
            [](kube::JobTemplate& job) { job.active_deadline_s = 1; });
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.finished());
  EXPECT_THAT(jobs.lines, ElementsAre("resize-0: up", "resize-0: told"));
  EXPECT_EQ(jobs.job().state, JobState::failed);
  EXPECT_EQ(jobs.job().reason, "DeadlineExceeded");
}

TEST(JobSets, GivenADeadlineAndAPodThatIgnoresSigtermThenItIsKilledAfterTheGracePeriod) {
  Jobs jobs("trap '' TERM; echo up; while :; do sleep 0.01; done", [](kube::JobTemplate& job) {
    job.active_deadline_s = 1;
    job.pod.termination_grace_period_s = 1;
  });
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.until([&] { return jobs.job().state == JobState::terminating; }));
  EXPECT_EQ(jobs.set->running(), 1) << "until its pod has ended";
  ASSERT_TRUE(jobs.finished());
  EXPECT_EQ(jobs.job().exit_signal, SIGKILL);
}

TEST(JobSets, GivenCompletionsAndParallelismThenSoManyPodsSucceedSoManyAtATime) {
  Jobs jobs("echo $POD_NAME", [](kube::JobTemplate& job) {
    job.parallelism = 2;
    job.completions = 5;
  });
  std::int32_t most = 0;
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.until([&] {
    most = std::max(most, jobs.job().running);
    return jobs.set->running() == 0;
  }));
  EXPECT_EQ(jobs.lines.size(), 5U);
  EXPECT_LE(most, 2);
  EXPECT_EQ(jobs.job().succeeded, 5);
}

TEST(JobSets, GivenParallelismWithoutCompletionsThenASuccessEndsTheStartingOfPods) {
  Jobs jobs("case $POD_NAME in *-0) exit 0;; esac; sleep 0.2", [](kube::JobTemplate& job) { job.parallelism = 3; });
  ASSERT_TRUE(jobs.set->start(1));
  ASSERT_TRUE(jobs.finished());
  EXPECT_EQ(jobs.job().state, JobState::complete);
  EXPECT_EQ(jobs.job().succeeded, 3);
}

TEST(JobSets, GivenFinishedJobsThenTheyAreForgottenByNameOnly) {
  Jobs jobs("sleep 0.0$((RANDOM % 9))");
  ASSERT_TRUE(jobs.set->start(3));
  ASSERT_TRUE(jobs.finished());
  jobs.set->forget("resize-1");
  jobs.set->forget("resize-1");
  ASSERT_TRUE(jobs.until([&] { return jobs.set->jobs().size() == 2; }));
  EXPECT_EQ(jobs.job(0).name, "resize-0");
  EXPECT_EQ(jobs.job(1).name, "resize-2");
  EXPECT_EQ(jobs.set->succeeded(), 3) << "what was is still counted";
  ASSERT_TRUE(jobs.set->start(1));
  EXPECT_EQ(jobs.job(2).name, "resize-3") << "no name comes twice";
}

TEST(JobSets, GivenMoreThanMayRunThenTheRestIsRefused) {
  Jobs jobs("sleep 1000");
  const auto started = jobs.set->start(60);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::resource_exhausted);
  EXPECT_EQ(jobs.set->running(), 50);
}

TEST(JobSets, GivenAStopThenPodsEndInOrderAndNoneFollows) {
  Jobs jobs("trap 'echo told; exit 1' TERM; echo up; while :; do sleep 0.01; done");
  ASSERT_TRUE(jobs.set->start(2));
  ASSERT_TRUE(jobs.until([&] { return jobs.lines.size() == 2; }));
  bool stopped = false;
  boost::asio::co_spawn(jobs.io, jobs.set->stop(), [&](std::exception_ptr) { stopped = true; });
  ASSERT_TRUE(jobs.until([&] { return stopped; }));
  EXPECT_THAT(jobs.set->jobs(), IsEmpty());
  EXPECT_EQ(std::ranges::count(jobs.lines, "resize-0: told") + std::ranges::count(jobs.lines, "resize-1: told"), 2);
  EXPECT_EQ(jobs.set->start(1).error().code, Errc::cancelled);
}

TEST(JobSets, GivenADestroyedSetThenNoProcessIsLeft) {
  std::optional<pid_t> pid;
  {
    Jobs jobs("trap '' TERM; sleep 1000");
    ASSERT_TRUE(jobs.set->start(1));
    ASSERT_TRUE(jobs.until([&] { return jobs.set->processes() == 1; }));
    pid = jobs.job().pid;
  }
  EXPECT_TRUE(is_gone(*pid));
}

}  // namespace
}  // namespace gantry::workload
