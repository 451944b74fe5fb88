// Rings once at a point in time: what a component arms again and again for the next thing that is due. Lives on the
// thread of its io_context, like its owner.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace gantry::net {

class Alarm {
 public:
  using Clock = std::chrono::steady_clock;

  Alarm(boost::asio::io_context& io, std::function<void()> ring);
  ~Alarm() { stop(); }  // does not ring after that
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Of all times asked for since it last rang, the earliest counts. A time past: rings with the next turn.
  void ring_at(Clock::time_point when);
  void ring_after(Clock::duration wait) { ring_at(Clock::now() + wait); }
  // Does not ring any more, whatever is asked for.
  void stop();

 private:
  boost::asio::steady_timer timer_;
  Clock::time_point armed_for_ = Clock::time_point::max();
  // A completion that was queued before a cancel still runs: it must not find a dead owner.
  std::shared_ptr<std::function<void()>> ring_;
};

}  // namespace gantry::net
