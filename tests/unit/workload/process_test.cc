#include "workload/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <sstream>

#include "support.h"

namespace gantry::workload {
namespace {

using test::is_gone;
using test::run_until;
using testing::HasSubstr;
using testing::Not;

struct OneRun {
  boost::asio::io_context io;
  std::string output;
  std::optional<pid_t> pid;
  std::optional<Exit> exit;
  std::shared_ptr<Process> process;

  Result<void> start(Command command) {
    auto started = Process::start(io, command,
                                  {.on_started = [this](pid_t p) { pid = p; },
                                   .on_output = [this](std::string_view bytes) { output += bytes; },
                                   .on_exit = [this](const Exit& e) { exit = e; }});
    if (!started) return std::unexpected(started.error());
    process = *started;
    return {};
  }
  void shell(std::string script, std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) {
    auto started = start({"/bin/sh", {"sh", "-c", std::move(script)}, std::move(environment), ""});
    ASSERT_TRUE(started) << started.error().message;
  }
  bool ended() {
    return run_until(io, [this] { return exit.has_value(); });
  }
  // pids that the script has printed, one a line
  std::vector<pid_t> pids(std::size_t count) {
    std::vector<pid_t> out;
    run_until(io, [&] {
      out.clear();
      std::istringstream lines(output);
      for (std::string line; std::getline(lines, line) && !lines.eof();) out.push_back(std::stoi(line));
      return out.size() >= count;
    });
    return out;
  }
};

TEST(Process, GivenInputThenTheCommandReadsAllOfItHoweverMuchAndThenItsEnd) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{5} << 20}) {
    OneRun run;
    Command command{"/bin/sh", {"sh", "-c", "wc -c"}, {"PATH=/usr/bin:/bin"}, ""};
    command.input = std::string(size, '\0');
    ASSERT_TRUE(run.start(command));
    ASSERT_TRUE(run.ended());
    EXPECT_EQ(run.output, std::to_string(size) + "\n");
  }
}

TEST(Process, GivenSharedOutputThenItIsWrittenToOurOwnAndNotHandedOn) {
  OneRun run;
  Command command{"/bin/sh", {"sh", "-c", "echo shared >&2; exit 3"}, {"PATH=/usr/bin:/bin"}, ""};
  command.shares_output = true;
  testing::internal::CaptureStderr();
  ASSERT_TRUE(run.start(command));
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "shared\n");
  EXPECT_EQ(run.output, "");
  EXPECT_EQ(run.exit->code, 3);
}

TEST(Process, GivenACommandWhenItEndsThenOutputAndExitCodeAreKnown) {
  OneRun run;
  run.shell("echo out; echo err >&2; echo $A; exit 3", {"A=b c"});
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.output, "out\nerr\nb c\n");
  EXPECT_EQ(run.exit->code, 3);
  EXPECT_FALSE(run.exit->signal);
  EXPECT_EQ(to_string(*run.exit), "exited with code 3");
  EXPECT_TRUE(run.pid);
}

TEST(Process, GivenMuchOutputWhenTheProcessEndsThenNoneIsLost) {
  OneRun run;
  run.shell(
      "i=0; while [ $i -lt 2000 ]; do echo 'a line of some sixty characters, so that the pipe fills up $i'; "
      "i=$((i+1)); done");
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(std::ranges::count(run.output, '\n'), 2000);
}

TEST(Process, GivenOutputAndEndAtOnceWhenSeenThenNoneIsLost) {
  OneRun run;
  run.shell(
      "i=0; while [ $i -lt 500 ]; do echo 'a line of some sixty characters, several reads of them $i'; i=$((i+1)); "
      "done");
  // the process is over, but not reaped, before the loop looks: all that it left comes in one turn
  siginfo_t info{};
  ASSERT_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(std::ranges::count(run.output, '\n'), 500);
  EXPECT_EQ(run.exit->code, 0);
}

TEST(Process, GivenASignalWhenTheProcessEndsThenItIsNamed) {
  OneRun run;
  run.shell("kill -SEGV $$");
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.exit->signal, SIGSEGV);
  EXPECT_THAT(to_string(*run.exit), HasSubstr("was killed by signal 11"));
}

TEST(Process, GivenAProgramThatCannotRunWhenStartedThenTheReasonIsTold) {
  struct Case {
    Command command;
    std::string error;
  };
  const Case cases[] = {
      {{"/does/not/exist", {"x"}, {}, ""}, "could not be started: No such file or directory"},
      {{"no-such-program", {"x"}, {"PATH=/bin"}, ""}, "could not be started: No such file or directory"},
      {{"/etc/passwd", {"x"}, {}, ""}, "could not be started: Permission denied"},
      {{"/bin/true", {"x"}, {}, "/does/not/exist"},
       "could not be started in its working directory: No such file or directory"},
  };
  for (const Case& c : cases) {
    OneRun run;
    ASSERT_TRUE(run.start(c.command));
    ASSERT_TRUE(run.ended());
    EXPECT_EQ(run.exit->start_error, c.error);
    EXPECT_EQ(to_string(*run.exit), c.error);
    EXPECT_FALSE(run.exit->code);
  }
}

TEST(Process, GivenImpossibleArgumentsWhenStartedThenTheErrorComesAtOnce) {
  OneRun run;
  EXPECT_EQ(run.start({"/bin/true", {"a", std::string("b\0c", 3)}, {}, ""}).error().code, Errc::invalid_argument);
  EXPECT_EQ(run.start({"/bin/true", {}, {}, ""}).error().code, Errc::invalid_argument);
  EXPECT_EQ(run.start({"/bin/true", {"a", std::string(8 << 20, 'x')}, {}, ""}).error().code, Errc::resource_exhausted);
}

TEST(Process, GivenAWorkingDirectoryWhenStartedThenItIsTheProcesss) {
  OneRun run;
  ASSERT_TRUE(run.start({"pwd", {"pwd"}, {"PATH=/usr/bin:/bin"}, "/usr"}));
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.output, "/usr\n");
}

TEST(Process, GivenOpenDescriptorsOfGantryWhenStartedThenTheProcessHasNone) {
  const int leaky = open("/dev/null", O_RDONLY);  // without close-on-exec, as a library might
  OneRun run;
  // exec: while it starts another program, the shell itself blocks signals
  run.shell("ls /proc/$$/fd; exec grep -E 'Sig(Blk|Ign)' /proc/self/status");
  ASSERT_TRUE(run.ended());
  close(leaky);
  // 32 and 33 are glibc's own, which its posix_spawn ignores in every child
  EXPECT_THAT(run.output,
              testing::MatchesRegex("0\n1\n2\nSigBlk:\t0000000000000000\nSigIgn:\t0000000[01][08]0000000\n"));
}

TEST(Process, GivenDescendantsInOtherSessionsWhenTheProcessEndsThenTheyAreKilled) {
  OneRun run;
  run.shell(R"(trap 'exit 5' TERM
sleep 1000 & echo $!
(setsid sh -c 'trap "" TERM HUP; echo $$; while :; do sleep 1; done' &)
while :; do sleep 0.01; done)");
  const auto pids = run.pids(2);
  ASSERT_EQ(pids.size(), 2u);
  run.process->terminate();
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.exit->code, 5);
  for (pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
}

TEST(Process, GivenTerminateWhenTheProcessHandlesItThenItEndsItsOwnWay) {
  OneRun run;
  run.shell("trap 'echo bye; exit 7' TERM; echo $$; while :; do sleep 0.01; done");
  ASSERT_EQ(run.pids(1).size(), 1u);
  run.process->terminate();
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.exit->code, 7);
  EXPECT_THAT(run.output, HasSubstr("bye\n"));
}

TEST(Process, GivenKillWhenTheProcessIgnoresTerminateThenTheWholeTreeEnds) {
  OneRun run;
  run.shell("trap '' TERM; (setsid sleep 1000 & echo $!); sleep 1000 & echo $!; echo $$; while :; do sleep 1; done");
  const auto pids = run.pids(3);
  ASSERT_EQ(pids.size(), 3u);
  run.process->terminate();
  run.process->kill();
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.exit->signal, SIGKILL);
  for (pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
  run.process->kill();  // of no effect
}

TEST(Process, GivenAbandonedWhenItReturnsThenNothingIsLeftAndNoHandlerIsCalled) {
  OneRun run;
  run.shell("sleep 1000 & echo $!; echo $$; wait");
  const auto pids = run.pids(2);
  ASSERT_EQ(pids.size(), 2u);
  run.process->abandon();
  for (pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
  run.process.reset();
  run.io.restart();
  run.io.run();
  EXPECT_FALSE(run.exit);
}

TEST(Process, GivenTheSupervisorIsKilledThenTheProcessGoesToo) {
  OneRun run;
  run.shell("echo $PPID; echo $$; exec sleep 1000");
  const auto pids = run.pids(2);
  ASSERT_EQ(pids.size(), 2u);
  kill(pids[0], SIGKILL);
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.exit->signal, SIGKILL);
  EXPECT_TRUE(run_until(run.io, [&] { return is_gone(pids[1]); }));
}

TEST(Process, GivenSignalsToTheSessionThenTheSupervisorStays) {
  OneRun run;
  run.shell("kill -TERM $PPID; kill -INT $PPID; kill -HUP $PPID; exit 4");
  ASSERT_TRUE(run.ended());
  EXPECT_EQ(run.exit->code, 4);
}

}  // namespace
}  // namespace gantry::workload
