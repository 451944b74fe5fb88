// One call at a later time, by a timer whose owner may be gone by then. On the thread of the io_context.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace gantry::workload {

class DelayedCall {
 public:
  explicit DelayedCall(boost::asio::io_context& io) : timer_(io) {}

  // Replaces the call that waits, if any.
  void at(std::chrono::steady_clock::time_point when, std::function<void()> call) {
    timer_.expires_at(when);
    // a timer that has expired may have its handler queued when it is cancelled or destroyed: the handler looks here
    turn_ = std::make_shared<bool>(true);
    timer_.async_wait(
        [call = std::move(call), turn = std::weak_ptr(turn_)](const boost::system::error_code& cancelled) {
          if (!cancelled && !turn.expired()) call();
        });
  }
  void after(std::chrono::milliseconds wait, std::function<void()> call) {
    at(std::chrono::steady_clock::now() + wait, std::move(call));
  }
  void cancel() {
    turn_.reset();
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> turn_;
};

}  // namespace gantry::workload
