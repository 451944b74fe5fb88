#include "net/run_loop.h"

#include <algorithm>

namespace gantry::net {

void WaitHistory::add(bool short_wait) {
  score_ = short_wait ? std::min(score_ + 1, kScoreMax) : std::max(score_ - kLongWaitCosts, 0);
}

void run_loop(boost::asio::io_context& io) {
  using Clock = std::chrono::steady_clock;
  WaitHistory waits;
  auto idle_since = Clock::now();
  while (!io.stopped()) {
    const auto begun = Clock::now();
    if (io.poll() > 0) {
      waits.looked(begun - idle_since);
    } else if (waits.is_short() && begun - idle_since <= WaitHistory::kLook) {
      continue;
    } else {
      io.run_one();
      waits.slept(Clock::now() - idle_since);  // with the handler, which is brief or followed by more
    }
    idle_since = Clock::now();
  }
}

}  // namespace gantry::net
