// Runs an io_context for a server whose next request often comes microseconds after the last answer: then the thread looks
// for it instead of going to sleep. To sleep and to be woken costs a request some 40 us on an idle core, more than to
// serve it. Where requests come seldom it sleeps at once, as io_context::run() does.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace gantry::net {

// Whether looking pays: most of the last waits were short.
class WaitHistory {
 public:
  static constexpr std::chrono::microseconds kLook{50};  // the longest that is looked for work in vain
  // A wait that was slept through would have been shorter without the wake-ups at both ends.
  static constexpr std::chrono::microseconds kWakeUps{100};

  bool is_short() const { return score_ > 0; }
  void looked(std::chrono::nanoseconds wait) { add(wait <= kLook); }
  void slept(std::chrono::nanoseconds wait) { add(wait <= kLook + kWakeUps); }

 private:
  void add(bool short_wait);

  static constexpr int kScoreMax = 16;
  static constexpr int kLongWaitCosts = 4;  // one in five in vain, and it sleeps
  int score_ = 0;
};

// As io.run(): on the calling thread, until the context is stopped or has no work. What a handler throws comes out.
void run_loop(boost::asio::io_context& io);

}  // namespace gantry::net
