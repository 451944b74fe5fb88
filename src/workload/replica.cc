#include "workload/replica.h"

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

namespace gantry::workload {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

namespace {

// The last line alone is often advice ("Run with --help for more information."), the reason stands above it.
constexpr std::size_t kLastWordsMax = 3;

// " in DIR", where the program was looked for there; a name without a directory is looked up in PATH.
std::string looked_for_in(const Command& command) {
  if (!command.working_dir.empty()) return " in " + command.working_dir;
  if (command.file.starts_with('/') || command.file.find('/') == std::string::npos) return "";
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  return error ? "" : " in " + here.string();
}

}  // namespace

std::string_view to_string(ReplicaState state) {
  switch (state) {
    case ReplicaState::pending: return "Pending";
    case ReplicaState::running: return "Running";
    case ReplicaState::terminating: return "Terminating";
    case ReplicaState::failed: return "Failed";
    case ReplicaState::back_off: return "BackOff";
  }
  return "Unknown";
}

Replica::Replica(boost::asio::io_context& io, int index, std::string name, Command command, RestartPolicy restart,
                 OutputLimits limits, std::string log_file, Events events)
    : io_(io),
      command_(std::move(command)),
      restart_(restart),
      events_(std::move(events)),
      output_(limits, std::move(log_file)),
      timer_(io) {
  status_.name = std::move(name);
  status_.index = index;
  output_.on_line = events_.line;
}

Replica::~Replica() {
  if (process_) process_->abandon();
}

void Replica::set_state(ReplicaState state) {
  status_.state = state;
  if (events_.changed) events_.changed();
}

void Replica::start() { run(); }

// The handlers name `this` without keeping it: the destructor abandons the process, which then calls none of them.
void Replica::run() {
  run_since_ = steady_clock::now();
  lines_before_ = output_.lines_ever();
  auto process =
      Process::start(io_, command_,
                     {.on_started = [this](pid_t pid) { on_started(pid); },
                      .on_output = [this](std::string_view bytes) { output_.append(bytes, system_clock::now()); },
                      .on_exit = [this](const Exit& exit) { on_exit(exit); }});
  if (!process) return end_run(ReplicaState::failed, process.error().message);
  process_ = std::move(*process);
}

void Replica::on_started(pid_t pid) {
  status_.pid = pid;
  status_.started_at = system_clock::now();
  if (!stopping_) set_state(ReplicaState::running);
}

void Replica::on_exit(const Exit& exit) {
  const auto ran = std::chrono::duration_cast<milliseconds>(steady_clock::now() - run_since_);
  output_.end_line(system_clock::now());
  if (events_.ended) events_.ended(exit);
  process_.reset();
  status_.pid.reset();
  status_.exit_code = exit.code;
  status_.exit_signal = exit.signal;
  if (stopping_) return vanish();
  if (!exit.start_error.empty()) {
    return end_run(ReplicaState::failed,
                   fmt::format("{}{} {}", command_.file, looked_for_in(command_), exit.start_error));
  }
  if (ran >= restart_.healthy_factor * delay_) delay_ = milliseconds(0);
  std::string error =
      fmt::format("{} {} after {:.1f} s", command_.file, to_string(exit), static_cast<double>(ran.count()) / 1000);
  if (std::string last = output_.last_words(kLastWordsMax, lines_before_); !last.empty()) error += ": " + last;
  end_run(ReplicaState::back_off, std::move(error));
}

void Replica::end_run(ReplicaState next, std::string error) {
  delay_ = delay_ == milliseconds(0) ? restart_.delay_first : std::min(delay_ * 2, restart_.delay_max);
  spdlog::warn("replica {}: {}; next start in {} ms", status_.name, error, delay_.count());
  status_.last_error = std::move(error);
  after(steady_clock::now() + delay_, &Replica::restart);
  set_state(next);
}

void Replica::stop(milliseconds grace) {
  const auto kill_at = steady_clock::now() + grace;
  if (stopping_ && kill_at >= kill_at_) return;
  const bool first = !stopping_;
  stopping_ = true;
  kill_at_ = kill_at;
  if (process_ && first) process_->terminate();
  if (!process_) {
    after(steady_clock::now(), &Replica::vanish);  // not from within stop(): the caller still holds the replica
  } else if (grace <= milliseconds(0)) {
    timer_.cancel();
    process_->kill();
  } else {
    after(kill_at, &Replica::enforce_grace);
  }
  if (first) set_state(ReplicaState::terminating);
}

void Replica::after(steady_clock::time_point when, void (Replica::*what)()) {
  timer_.expires_at(when);  // cancels what it waited for before
  timer_.async_wait([this, what, when, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
    if (cancelled || alive.expired() || when != timer_.expiry()) return;
    (this->*what)();
  });
}

void Replica::restart() {
  ++status_.restarts;
  run();
}

void Replica::vanish() {
  timer_.cancel();
  const auto gone = events_.gone;  // the replica may be destroyed in it
  if (gone) gone();
}

void Replica::enforce_grace() {
  if (!process_) return;
  spdlog::warn("replica {}: still running after its grace period: killed", status_.name);
  process_->kill();
}

}  // namespace gantry::workload
