// A sleep that can be ended early: one coroutine waits, any code on the same io_context wakes it. A notify that comes
// before the wait is not lost.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace gantry::rocketmq {

// For waits that only notify() ends, and between two tries of something that failed.
inline constexpr std::chrono::milliseconds kUntilWoken{3'600'000};
inline constexpr std::chrono::milliseconds kRetryDelay{1'000};

class Wakeup {
 public:
  explicit Wakeup(boost::asio::io_context& io) : timer_(io) {}

  void notify() {
    set_ = true;
    timer_.cancel();
  }

  boost::asio::awaitable<void> wait(std::chrono::milliseconds at_most) {
    if (!set_) {
      timer_.expires_after(at_most);
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    set_ = false;
  }

 private:
  boost::asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace gantry::rocketmq
