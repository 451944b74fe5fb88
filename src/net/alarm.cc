#include "net/alarm.h"

namespace gantry::net {

Alarm::Alarm(boost::asio::io_context& io, std::function<void()> ring)
    : timer_(io), ring_(std::make_shared<std::function<void()>>(std::move(ring))) {}

void Alarm::ring_at(Clock::time_point when) {
  if (!ring_ || when >= armed_for_) return;
  armed_for_ = when;
  timer_.expires_at(when);  // cancels the wait for a later time
  timer_.async_wait([this, when, alive = std::weak_ptr(ring_)](boost::system::error_code cancelled) {
    const auto ring = alive.lock();
    if (cancelled || !ring || when != armed_for_) return;
    armed_for_ = Clock::time_point::max();
    (*ring)();
  });
}

void Alarm::stop() {
  ring_.reset();
  timer_.cancel();
}

}  // namespace gantry::net
