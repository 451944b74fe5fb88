#include "net/shutdown.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stop_token>
#include <thread>

#include "base/exit_code.h"

namespace gantry::net {

namespace asio = boost::asio;
using boost::system::error_code;

// timeout(1) signals its child and then the child's group, a service manager each process: that is one wish, not two.
constexpr std::chrono::milliseconds kOneSignal{100};
constexpr std::chrono::milliseconds kStuckAfter{1'000};  // behind the bound

class Shutdown::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, std::function<void(int)> on_signal, std::chrono::milliseconds bound)
      : io_(io), signals_(io, SIGINT, SIGTERM), timer_(io), on_signal_(std::move(on_signal)), bound_(bound) {}

  void wait() {
    signals_.async_wait([self = shared_from_this()](error_code error, int signal) {
      if (!error) self->received(signal);
    });
  }

  void finish() {
    error_code ignored;
    stuck_.request_stop();
    signals_.cancel(ignored);
    timer_.cancel();
  }

  int signal() const { return signal_; }
  bool forced() const { return forced_; }

 private:
  void received(int signal) {
    const auto now = std::chrono::steady_clock::now();
    if (signal_ != 0 && now - first_ < kOneSignal) return wait();
    if (signal_ != 0) {
      spdlog::warn("a second signal: stopping at once");
      force();
      return;
    }
    signal_ = signal;
    first_ = now;
    stuck_ = std::jthread([wait = bound_ + kStuckAfter](const std::stop_token& ended) { end_if_stuck(ended, wait); });
    timer_.expires_after(bound_);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      spdlog::warn("not everything stopped within {} ms: stopping at once", self->bound_.count());
      self->force();
    });
    wait();
    if (auto on_signal = std::exchange(on_signal_, nullptr)) on_signal(signal);
  }

  // The bound and the second signal are handlers of the loop: none of them runs while it waits for a disk that hangs.
  static void end_if_stuck(const std::stop_token& ended, std::chrono::milliseconds wait) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any changed;
    changed.wait_for(lock, ended, wait, [] { return false; });
    if (ended.stop_requested()) return;
    spdlog::error("the stop hangs (a disk that does not answer?): ending at once");
    _exit(kForced);
  }

  void force() {
    stuck_.request_stop();
    forced_ = true;
    io_.stop();
  }

  asio::io_context& io_;
  asio::signal_set signals_;
  asio::steady_timer timer_;
  std::function<void(int)> on_signal_;
  std::chrono::milliseconds bound_;
  int signal_ = 0;
  std::chrono::steady_clock::time_point first_;
  std::jthread stuck_;  // from the first signal to the end
  bool forced_ = false;
};

Shutdown::Shutdown(asio::io_context& io, std::function<void(int)> on_signal, std::chrono::milliseconds bound)
    : impl_(std::make_shared<Impl>(io, std::move(on_signal), bound)) {
  impl_->wait();
}

Shutdown::~Shutdown() { impl_->finish(); }

bool Shutdown::forced() const { return impl_->forced(); }

int Shutdown::signal() const { return impl_->signal(); }

void Shutdown::finish() { impl_->finish(); }

}  // namespace gantry::net
