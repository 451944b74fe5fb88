#include "workload/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

// Everything here runs before main, in a process with one thread: system calls only, no allocation, no exceptions.
namespace gantry::workload {
namespace {

void report(Report::Kind kind, int value) {
  const Report message{kind, value};
  (void)send(kControlFd, &message, sizeof message, MSG_NOSIGNAL);
}

[[noreturn]] void become_replica(pid_t supervisor, const char* directory, const char* file, char** argv) {
  // should the supervisor be killed itself, the replica at least goes with it
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(126);
  setpgid(0, 0);
  if (directory[0] != '\0' && chdir(directory) != 0) {
    report(Report::Kind::no_directory, errno);
    _exit(126);
  }
  // straight to the kernel: this runs before main, where a sanitizer's own sigprocmask has no effect yet
  const std::uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  execvp(file, argv);
  report(Report::Kind::no_program, errno);
  _exit(127);
}

// Kills all direct children. The children of a killed child become ours, so calling this until none is left kills the
// tree. Returns false when the kernel does not list children.
bool kill_children() {
  const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0) return false;
  char buffer[4096];
  pid_t pid = 0;
  for (ssize_t size; (size = read(list, buffer, sizeof buffer)) > 0;) {
    for (ssize_t i = 0; i < size; ++i) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        pid = pid * 10 + (buffer[i] - '0');
      } else if (pid > 0) {
        kill(pid, SIGKILL);
        pid = 0;
      }
    }
  }
  close(list);
  return true;
}

class Supervisor {
 public:
  Supervisor(pid_t replica, int signals) : replica_(replica), signals_(signals) {}

  [[noreturn]] void run() {
    pollfd fds[2] = {{kControlFd, POLLIN, 0}, {signals_, POLLIN, 0}};
    while (true) {
      if (poll(fds, 2, -1) < 0) continue;
      if (fds[1].revents != 0) {
        signalfd_siginfo info;
        (void)!read(signals_, &info, sizeof info);
        reap();
        if (exited_) finish();
      }
      if (fds[0].revents != 0) obey();
    }
  }

 private:
  void obey() {
    char order = 0;
    const ssize_t size = recv(kControlFd, &order, 1, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0 || order == static_cast<char>(Order::kill)) finish();
    if (order == static_cast<char>(Order::terminate))
      kill(replica_, SIGTERM);  // only the first process, as the kubelet does
  }

  // Returns false when no child is left.
  bool reap() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid != replica_) continue;
      exited_ = true;
      status_ = status;
    }
    return pid == 0;
  }

  [[noreturn]] void finish() {
    while (reap()) {
      if (!kill_children()) kill(-replica_, SIGKILL);
      pollfd fd{signals_, POLLIN, 0};
      poll(&fd, 1, 10);  // a child may have been missed while the list changed: look again soon
      signalfd_siginfo info;
      (void)!read(signals_, &info, sizeof info);
    }
    report(Report::Kind::exited, status_);
    _exit(0);
  }

  pid_t replica_;
  int signals_;
  bool exited_ = false;
  int status_ = 0;
};

[[noreturn]] void supervise(char** argv) {
  prctl(PR_SET_NAME, kSupervisorName);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  // signals to the whole session are not meant for the supervisor
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);

  const pid_t self = getpid();
  const pid_t replica = signals < 0 ? -1 : fork();
  if (replica == 0) become_replica(self, argv[1], argv[2], argv + 3);
  if (replica < 0) {
    report(Report::Kind::no_process, errno);
    _exit(0);
  }
  report(Report::Kind::started, replica);
  Supervisor(replica, signals).run();
}

// glibc hands argc, argv and envp to constructors.
// 101: the first of the program's own.
__attribute__((constructor(101))) void take_over_if_supervisor(int argc, char** argv, char**) {
  if (argc < 4 || std::strcmp(argv[0], kSupervisorName) != 0) return;
  struct stat control;
  if (fstat(kControlFd, &control) != 0 || !S_ISSOCK(control.st_mode)) return;
  supervise(argv);
}

}  // namespace

void link_supervisor() {}

}  // namespace gantry::workload
