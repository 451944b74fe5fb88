#include "workload/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "workload/supervisor.h"

namespace gantry::workload {
namespace {

using boost::system::error_code;

constexpr const char* kOurselves = "/proc/self/exe";
// Descriptors from here up cannot clash with those that the supervisor expects at 0 to 3.
constexpr int kSafeFd = 10;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  bool move_up() {
    Fd higher(fcntl(fd_, F_DUPFD_CLOEXEC, kSafeFd));
    std::swap(fd_, higher.fd_);
    return fd_ >= 0;
  }

 private:
  int fd_ = -1;
};

// Of what read() returned, errno being that of the read.
bool is_for_later(ssize_t size) { return size < 0 && (errno == EAGAIN || errno == EINTR); }

std::unexpected<Error> no_resource(std::string_view what, int error) {
  return fail(Errc::resource_exhausted, "cannot start a process: {}: {}", what, std::strerror(error));
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

bool has_nul(const std::vector<std::string>& strings) {
  for (const std::string& s : strings) {
    if (s.find('\0') != std::string::npos) return true;
  }
  return false;
}

// The attributes and file actions of one posix_spawn, freed at the end.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// A file without a name that holds `bytes`: nobody has to feed a process that reads slowly or not at all.
Fd file_of(std::string_view bytes) {
  Fd file(memfd_create("standard input", MFD_CLOEXEC));
  while (file.get() >= 0 && !bytes.empty()) {
    const ssize_t size = ::write(file.get(), bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Fd();
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  if (file.get() >= 0) lseek(file.get(), 0, SEEK_SET);
  return file;
}

// The ends of the descriptors that the supervisor, and so the replica, gets.
struct TheirEnds {
  Fd control;
  Fd input;   // none: /dev/null
  Fd output;  // none: gantry's own
};

int spawn_supervisor(const TheirEnds& ends, std::vector<std::string> argv, std::vector<std::string> environment,
                     pid_t& pid) {
  SpawnSettings settings;
  if (ends.input.get() >= 0) {
    posix_spawn_file_actions_adddup2(&settings.actions, ends.input.get(), 0);
  } else {
    posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  }
  if (ends.output.get() >= 0) {
    posix_spawn_file_actions_adddup2(&settings.actions, ends.output.get(), 1);
    posix_spawn_file_actions_adddup2(&settings.actions, ends.output.get(), 2);
  }
  posix_spawn_file_actions_adddup2(&settings.actions, ends.control.get(), kControlFd);
  // not every library opens with close-on-exec
  posix_spawn_file_actions_addclosefrom_np(&settings.actions, kControlFd + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  // a session of its own: Ctrl-C at the terminal is for gantry, which stops its replicas in order
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return posix_spawn(&pid, kOurselves, &settings.actions, &settings.attributes, pointers(argv).data(),
                     pointers(environment).data());
}

}  // namespace

std::string to_string(const Exit& exit) {
  if (exit.code) return fmt::format("exited with code {}", *exit.code);
  if (exit.signal) return fmt::format("was killed by signal {} ({})", *exit.signal, strsignal(*exit.signal));
  return exit.start_error;
}

Result<std::shared_ptr<Process>> Process::start(boost::asio::io_context& io, const Command& command,
                                                Handlers handlers) {
  link_supervisor();
  std::shared_ptr<Process> process(new Process(io, std::move(handlers)));
  if (auto spawned = process->spawn(command); !spawned) return std::unexpected(spawned.error());
  process->read_reports();
  process->read_output();
  process->wait_for_end();
  return process;
}

Process::Process(boost::asio::io_context& io, Handlers handlers)
    : handlers_(std::move(handlers)), control_(io), output_(io), end_(io) {}

Process::~Process() { abandon(); }

Result<void> Process::spawn(const Command& command) {
  if (command.argv.empty() || command.file.empty())
    return fail(Errc::invalid_argument, "cannot start a process: no command");
  std::vector<std::string> argv = {kSupervisorName, command.working_dir, command.file};
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  if (has_nul(argv) || has_nul(command.environment)) {
    return fail(Errc::invalid_argument, "cannot start {}: a NUL character in its command or environment", command.file);
  }
  int pair[2], pipe[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return no_resource("socketpair", errno);
  Fd ours(pair[0]);
  TheirEnds theirs{Fd(pair[1]), Fd(), Fd()};
  if (pipe2(pipe, O_CLOEXEC) != 0) return no_resource("pipe", errno);
  Fd output(pipe[0]);
  theirs.output = Fd(pipe[1]);
  if (command.input) {
    theirs.input = file_of(*command.input);
    if (theirs.input.get() < 0 || !theirs.input.move_up()) return no_resource("standard input", errno);
  }
  if (!theirs.control.move_up() || !theirs.output.move_up()) return no_resource("descriptors", errno);
  if (command.shares_output) theirs.output = Fd();
  if (int error = spawn_supervisor(theirs, std::move(argv), command.environment, supervisor_); error != 0) {
    supervisor_ = -1;
    return no_resource(command.file, error);
  }
  Fd end(static_cast<int>(syscall(SYS_pidfd_open, supervisor_, 0)));
  if (end.get() < 0) {
    const int error = errno;
    ours = Fd();  // the supervisor sees the end and goes
    waitpid(supervisor_, nullptr, 0);
    supervisor_ = -1;
    return no_resource("pidfd_open", error);
  }
  control_.assign(ours.release());
  output_.assign(output.release());
  end_.assign(end.release());
  control_.non_blocking(true);
  output_.non_blocking(true);
  return {};
}

void Process::order(char what) {
  if (!control_.is_open()) return;
  (void)send(control_.native_handle(), &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Process::terminate() { order(static_cast<char>(Order::terminate)); }

void Process::kill() { order(static_cast<char>(Order::kill)); }

// Bytes are read where they are handed on, never by the reactor: one that had read while the end was being told would
// hold them back until nobody listens.
ssize_t Process::read_report() {
  const ssize_t size = ::read(control_.native_handle(), report_buffer_.data(), report_buffer_.size());
  if (size > 0) take_report(report_buffer_.data(), static_cast<std::size_t>(size));
  return size;
}

ssize_t Process::read_some_output() {
  const ssize_t size = ::read(output_.native_handle(), output_buffer_.data(), output_buffer_.size());
  if (size > 0 && handlers_.on_output) handlers_.on_output({output_buffer_.data(), static_cast<std::size_t>(size)});
  return size;
}

void Process::read_reports() {
  control_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const error_code& error) {
                        if (error || self->done_) return;
                        const ssize_t size = self->read_report();
                        if (size > 0 || is_for_later(size)) self->read_reports();
                      });
}

void Process::take_report(const void* bytes, std::size_t size) {
  Report report;
  if (size != sizeof report) return;
  std::memcpy(&report, bytes, sizeof report);
  switch (report.kind) {
    case Report::Kind::started:
      if (handlers_.on_started) handlers_.on_started(report.value);
      return;
    case Report::Kind::no_directory:
      exit_.start_error = fmt::format("could not be started in its working directory: {}", std::strerror(report.value));
      break;
    case Report::Kind::no_program:
      exit_.start_error = fmt::format("could not be started: {}", std::strerror(report.value));
      exit_.not_found = report.value == ENOENT;
      break;
    case Report::Kind::no_process:
      exit_.start_error = fmt::format("could not be started: fork: {}", std::strerror(report.value));
      break;
    case Report::Kind::exited:
      if (!exit_.start_error.empty()) break;
      if (WIFSIGNALED(report.value)) {
        exit_.signal = WTERMSIG(report.value);
      } else {
        exit_.code = WEXITSTATUS(report.value);
      }
      break;
  }
  exit_known_ = true;
}

void Process::read_output() {
  output_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const error_code& error) {
                       if (error || self->done_) return;
                       const ssize_t size = self->read_some_output();
                       if (size > 0 || is_for_later(size)) self->read_output();
                     });
}

void Process::wait_for_end() {
  end_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [self = shared_from_this()](const error_code& error) {
                    if (error || self->done_) return;
                    self->drain();
                    self->close();
                    if (!self->exit_known_)
                      self->exit_.signal = SIGKILL;  // somebody killed the supervisor, and so the replica
                    const auto on_exit = std::move(self->handlers_.on_exit);
                    self->handlers_ = {};
                    if (on_exit) on_exit(self->exit_);
                  });
}

// No writer is left: what is in the pipes is all that will ever be.
void Process::drain() {
  while (read_report() > 0) {
  }
  while (read_some_output() > 0) {
  }
}

void Process::close() {
  done_ = true;
  error_code ignored;
  control_.close(ignored);
  output_.close(ignored);
  if (supervisor_ > 0) {
    constexpr int patience_ms = 2000;
    pollfd end{end_.native_handle(), POLLIN, 0};
    poll(&end, 1, patience_ms);
    waitpid(supervisor_, nullptr, WNOHANG);
    supervisor_ = -1;
  }
  end_.close(ignored);
}

void Process::abandon() {
  if (!done_) close();
  handlers_ = {};
}

}  // namespace gantry::workload
