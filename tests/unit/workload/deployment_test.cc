#include "workload/deployment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>

#include "support.h"

namespace gantry::workload {
namespace {

using namespace std::chrono_literals;
using test::is_gone;
using test::run_until;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr RestartPolicy kQuick{.delay_first = 20ms, .delay_max = 60ms, .healthy_factor = 10};

// A manifest with a Deployment "w" whose container runs `script` in /bin/sh.
std::shared_ptr<const kube::Manifest> manifest_of(const std::string& script, int grace_s = 20) {
  auto manifest = std::make_shared<kube::Manifest>();
  kube::Deployment deployment;
  deployment.metadata.name = "w";
  deployment.pod.termination_grace_period_s = grace_s;
  kube::Container container;
  container.name = "main";
  container.command = {"/bin/sh", "-c"};
  container.args = {script};
  deployment.pod.containers.push_back(container);
  manifest->deployments.push_back(deployment);
  return manifest;
}

struct World {
  boost::asio::io_context io;
  std::unique_ptr<Deployment> deployment;

  explicit World(std::shared_ptr<const kube::Manifest> manifest, DeploymentOptions options = {.restart = kQuick}) {
    auto created = Deployment::create(io, manifest, manifest->deployments[0], std::move(options));
    if (created) deployment = std::move(*created);
    EXPECT_TRUE(created);
  }
  bool until(auto condition) { return run_until(io, condition); }
  bool ready(int count) {
    return until([&] {
      return deployment->ready() == count && deployment->replicas().size() == static_cast<std::size_t>(count);
    });
  }
  // The last line that a replica has printed, waiting for one.
  std::string line(const std::string& replica) {
    until([&] { return !deployment->output(replica).empty(); });
    const auto lines = deployment->output(replica);
    return lines.empty() ? "" : lines.back().text;
  }
};

constexpr const char* kSleeper = "echo ready; exec sleep 1000";

TEST(Deployment, GivenReplicasWhenScaledUpAndDownThenProcessesFollow) {
  int changes = 0;
  World world(manifest_of("echo $HOSTNAME $POD_NAME; exec sleep 1000"),
              {.restart = kQuick, .on_change = [&] { ++changes; }});
  ASSERT_TRUE(world.deployment->set_replicas(3));
  EXPECT_EQ(world.deployment->current(), 3);
  EXPECT_EQ(world.deployment->desired(), 3);
  ASSERT_TRUE(world.ready(3));
  EXPECT_EQ(world.line("w-1"), "w-1 w-1");
  const auto before = world.deployment->replicas();
  for (const ReplicaStatus& replica : before) {
    EXPECT_EQ(replica.state, ReplicaState::running);
    EXPECT_TRUE(replica.started_at);
    EXPECT_FALSE(is_gone(*replica.pid));
  }
  ASSERT_TRUE(world.deployment->set_replicas(1));
  EXPECT_EQ(world.deployment->current(), 1);  // the others are terminating
  ASSERT_TRUE(world.ready(1));
  EXPECT_EQ(world.deployment->replicas()[0].pid, before[0].pid);  // the oldest stays
  ASSERT_TRUE(world.deployment->set_replicas(0));
  ASSERT_TRUE(world.ready(0));
  for (const ReplicaStatus& replica : before) EXPECT_TRUE(is_gone(*replica.pid));
  EXPECT_GE(changes, 9);
  EXPECT_EQ(world.deployment->last_error(), "");
}

TEST(Deployment, GivenAReplicaThatTerminatesSlowlyWhenScaledUpThenTheNewOneHasItsOwnName) {
  World world(manifest_of("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(world.deployment->set_replicas(1));
  ASSERT_EQ(world.line("w-0"), "ready");
  ASSERT_TRUE(world.deployment->set_replicas(0));
  ASSERT_TRUE(world.deployment->set_replicas(1));
  const auto replicas = world.deployment->replicas();
  ASSERT_EQ(replicas.size(), 2u);
  EXPECT_EQ(replicas[0].state, ReplicaState::terminating);
  EXPECT_EQ(replicas[1].name, "w-1");
}

TEST(Deployment, GivenAWorkerThatDiesAtOnceThenItIsRestartedWithGrowingDelayAndSaysWhy) {
  World world(manifest_of("echo cannot reach the broker >&2; exit 3"));
  ASSERT_TRUE(world.deployment->set_replicas(1));
  const auto status = [&] { return world.deployment->replicas().at(0); };
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(world.until([&] { return status().restarts == 3 && status().state == ReplicaState::back_off; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms + 40ms + 60ms);
  EXPECT_EQ(status().exit_code, 3);
  EXPECT_FALSE(status().pid);
  EXPECT_THAT(status().last_error, MatchesRegex("/bin/sh exited with code 3 after [0-9.]+ s: cannot reach the broker"));
  EXPECT_THAT(world.deployment->last_error(), HasSubstr("w-0: /bin/sh exited with code 3"));
  EXPECT_EQ(to_string(status().state), "BackOff");
  ASSERT_TRUE(world.deployment->set_replicas(0));  // from within back-off
  ASSERT_TRUE(world.ready(0));
  EXPECT_THAT(world.deployment->last_error(), HasSubstr("cannot reach the broker"));
}

TEST(Deployment, GivenAReasonAboveTheLastLineThenItIsSaidToo) {
  World world(manifest_of("echo ready; echo; echo '--group is required'; echo 'Run with --help.' >&2; exit 106"));
  ASSERT_TRUE(world.deployment->set_replicas(1));
  ASSERT_TRUE(world.until([&] { return world.deployment->replicas().at(0).restarts == 2; }));
  EXPECT_THAT(world.deployment->replicas()[0].last_error,
              MatchesRegex(".* exited with code 106 after [0-9.]+ s: ready . --group is required . Run with --help."));
}

TEST(Deployment, GivenAHealthyRunThenTheDelayStartsAnew) {
  World world(manifest_of("sleep 0.3"), {.restart = {.delay_first = 20ms, .delay_max = 10s, .healthy_factor = 5}});
  ASSERT_TRUE(world.deployment->set_replicas(1));
  // doubled each time it would take 20+40+80+160+320 ms and grow; here it stays at 20
  EXPECT_TRUE(run_until(world.io, [&] { return world.deployment->replicas().at(0).restarts == 4; }, 5s));
}

TEST(Deployment, GivenAProgramThatDoesNotExistThenTheReplicaIsFailedAndNamesIt) {
  auto manifest = std::make_shared<kube::Manifest>(*manifest_of(""));
  manifest->deployments[0].pod.containers[0].command = {"no-such-worker"};
  World world(manifest);
  ASSERT_TRUE(world.deployment->set_replicas(1));
  ASSERT_TRUE(world.until([&] { return world.deployment->replicas().at(0).state == ReplicaState::failed; }));
  EXPECT_EQ(world.deployment->replicas()[0].last_error,
            "no-such-worker could not be started: No such file or directory");

  manifest->deployments[0].pod.containers[0].working_dir = "/no/such/directory";
  World elsewhere(manifest);
  ASSERT_TRUE(elsewhere.deployment->set_replicas(1));
  ASSERT_TRUE(elsewhere.until([&] { return elsewhere.deployment->replicas().at(0).state == ReplicaState::failed; }));
  EXPECT_EQ(
      elsewhere.deployment->replicas()[0].last_error,
      "no-such-worker in /no/such/directory could not be started in its working directory: No such file or directory");
}

TEST(Deployment, GivenAFailedStartOfTheProcessItselfThenItIsTriedAgain) {
  auto manifest = std::make_shared<kube::Manifest>(*manifest_of(""));
  manifest->deployments[0].pod.containers[0].args = {std::string(8 << 20, 'x')};
  World world(manifest);
  ASSERT_TRUE(world.deployment->set_replicas(1));
  ASSERT_TRUE(world.until([&] { return world.deployment->replicas().at(0).restarts == 2; }));
  EXPECT_THAT(world.deployment->last_error(), HasSubstr("Argument list too long"));
}

TEST(Deployment, GivenAWorkerThatIgnoresTerminateWhenItsGraceIsOverThenItIsKilled) {
  World world(manifest_of("trap '' TERM; echo ready; while :; do sleep 0.01; done", 1));
  ASSERT_TRUE(world.deployment->set_replicas(1));
  ASSERT_EQ(world.line("w-0"), "ready");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(world.deployment->set_replicas(0));
  EXPECT_EQ(world.deployment->replicas().at(0).state, ReplicaState::terminating);
  ASSERT_TRUE(world.ready(0));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
}

TEST(Deployment, GivenStopWhenAwaitedThenNothingIsLeftAndNothingStartsAgain) {
  World world(manifest_of("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(world.deployment->set_replicas(3));
  ASSERT_EQ(world.line("w-2"), "ready");
  bool stopped = false;
  const auto stop = [&](std::chrono::milliseconds grace) {
    boost::asio::co_spawn(
        world.io,
        [&world, &stopped, grace]() -> boost::asio::awaitable<void> {
          co_await world.deployment->stop(grace);
          stopped = true;
        },
        boost::asio::detached);
  };
  stop(1h);
  ASSERT_TRUE(world.until([&] { return world.deployment->current() == 0; }));
  EXPECT_FALSE(stopped);
  stop(50ms);  // somebody presses Ctrl-C again
  ASSERT_TRUE(world.until([&] { return stopped; }));
  EXPECT_TRUE(world.deployment->replicas().empty());
  EXPECT_EQ(world.deployment->set_replicas(1).error().code, Errc::cancelled);
}

TEST(Deployment, GivenABadCountWhenSetThenItIsRefused) {
  World world(manifest_of(kSleeper), {.replicas_max = 2});
  EXPECT_EQ(world.deployment->set_replicas(-1).error().code, Errc::invalid_argument);
  EXPECT_EQ(world.deployment->set_replicas(3).error().message, "Deployment w: expected from 0 to 2 replicas, got 3");
  EXPECT_TRUE(world.deployment->output("w-0").empty());
}

TEST(Deployment, GivenAMissingConfigMapWhenCreatedThenTheErrorNamesIt) {
  auto manifest = std::make_shared<kube::Manifest>(*manifest_of(kSleeper));
  manifest->deployments[0].pod.containers[0].env_from = {{"", kube::ObjectSelector{"settings"}, {}}};
  boost::asio::io_context io;
  auto created = Deployment::create(io, manifest, manifest->deployments[0]);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().message,
            "Deployment w: container main: envFrom: ConfigMap \"settings\" does not exist in namespace default");

  manifest->deployments[0].pod.containers.clear();
  EXPECT_EQ(Deployment::create(io, manifest, manifest->deployments[0]).error().message,
            "Deployment w has no container");
  auto nothing = std::make_shared<kube::Manifest>(*manifest_of(""));
  nothing->deployments[0].pod.containers[0].command = {"$(EMPTY)"};
  nothing->deployments[0].pod.containers[0].env = {{"EMPTY", "", {}}};
  EXPECT_EQ(Deployment::create(io, nothing, nothing->deployments[0]).error().message,
            "Deployment w: container main has no command");
}

TEST(Deployment, GivenTheEnvironmentOfGantryThenAReplicaInheritsOnlyWhatItNeeds) {
  setenv("GANTRY_TEST_SECRET", "x", 1);
  setenv("TZ", "UTC", 1);
  auto manifest =
      std::make_shared<kube::Manifest>(*manifest_of("env | cut -d= -f1 | sort | tr '\\n' ' '; echo; exec sleep 1000"));
  manifest->deployments[0].pod.containers[0].env = {{"OWN", "1", {}}, {"HOME", "/own", {}}};
  World world(manifest);
  ASSERT_TRUE(world.deployment->set_replicas(1));
  const std::string names = world.line("w-0");
  EXPECT_THAT(names, HasSubstr("HOME HOSTNAME "));
  EXPECT_THAT(names, HasSubstr("OWN "));
  EXPECT_THAT(names, HasSubstr("TZ "));
  EXPECT_THAT(names, testing::Not(HasSubstr("GANTRY_TEST_SECRET")));
  unsetenv("GANTRY_TEST_SECRET");
}

TEST(Deployment, GivenALocalCommandAndTheProgramGantryThenTheyRun) {
  auto manifest = std::make_shared<kube::Manifest>(*manifest_of("exit 1"));
  manifest->deployments[0].pod.containers[0].working_dir = "/only/in/the/image";
  manifest->deployments[0].pod.containers[0].env = {{"WHO", "you", {}}};
  manifest->deployments[0].pod.local_command = {{"gantry", "-c", "echo $0 $(WHO); exec sleep 1000"}};
  World world(manifest, {.gantry_file = "/bin/sh"});
  ASSERT_TRUE(world.deployment->set_replicas(1));
  EXPECT_EQ(world.line("w-0"), "gantry you");
}

TEST(Deployment, GivenALogDirectoryThenOutputIsCopied) {
  const std::string directory = testing::TempDir() + "deployment-" + std::to_string(getpid());
  std::filesystem::create_directories(directory);
  World world(manifest_of(kSleeper), {.log_directory = directory});
  ASSERT_TRUE(world.deployment->set_replicas(1));
  ASSERT_EQ(world.line("w-0"), "ready");
  std::ifstream file(directory + "/w-0.log");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_THAT(line, MatchesRegex("20[0-9T:.-]+Z ready"));
  std::filesystem::remove_all(directory);
}

TEST(Deployment, GivenItIsDestroyedWhenReplicasRunThenNoneIsLeft) {
  World world(manifest_of("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.01; done"));
  ASSERT_TRUE(world.deployment->set_replicas(2));
  const pid_t child = std::stoi(world.line("w-0"));
  ASSERT_TRUE(world.ready(2));
  const auto replicas = world.deployment->replicas();
  world.deployment.reset();
  EXPECT_TRUE(is_gone(child));
  for (const ReplicaStatus& replica : replicas) EXPECT_TRUE(is_gone(*replica.pid));
  world.io.restart();
  world.io.run();  // nothing is called that is gone
}

// Runs a Deployment in a process of its own, which prints the pids of all that its replicas have started.
// $$$$ is the shell's $$ after Kubernetes' expansion.
[[noreturn]] void be_gantry(int out) {
  World world(manifest_of(R"(trap '' TERM
sleep 1000 & echo $!
(setsid sh -c 'trap "" TERM HUP INT; echo $$$$; while :; do sleep 1; done' &)
echo $PPID
echo $$$$
while :; do sleep 1; done)"));
  if (!world.deployment->set_replicas(3)) _exit(1);
  const bool complete = world.until([&] {
    std::size_t lines = 0;
    for (int i = 0; i < 3; ++i) lines += world.deployment->output("w-" + std::to_string(i)).size();
    return lines == 12;
  });
  std::string pids;
  for (int i = 0; i < 3; ++i) {
    for (const OutputLine& line : world.deployment->output("w-" + std::to_string(i))) pids += line.text + " ";
  }
  if (!complete || write(out, pids.data(), pids.size()) < 0) _exit(1);
  close(out);
  world.until([] { return false; });
  _exit(0);
}

TEST(Deployment, GivenGantryIsKilledWithSignal9ThenNoProcessOfItsReplicasIsLeft) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t gantry = fork();  // this test has one thread
  if (gantry == 0) {
    close(pipe_fds[0]);
    be_gantry(pipe_fds[1]);
  }
  close(pipe_fds[1]);
  std::string text;
  char buffer[512];
  for (ssize_t size; (size = read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  close(pipe_fds[0]);
  std::vector<pid_t> pids;
  std::istringstream in(text);
  for (pid_t pid; in >> pid;) pids.push_back(pid);
  ASSERT_EQ(pids.size(), 12u) << text;
  for (pid_t pid : pids) EXPECT_FALSE(is_gone(pid)) << pid;

  kill(gantry, SIGKILL);
  waitpid(gantry, nullptr, 0);

  boost::asio::io_context io;
  EXPECT_TRUE(run_until(io, [&] { return std::ranges::all_of(pids, is_gone); })) << text;
}

}  // namespace
}  // namespace gantry::workload
