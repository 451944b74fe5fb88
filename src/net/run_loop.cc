#include "net/run_loop.h"

#include <algorithm>

namespace gantry::net {

void WaitHistory::add(bool short_wait) {
  score_ = short_wait ? std::min(score_ + 1, kScoreMax) : std::max(score_ - kLongWaitCosts, 0);
}

LoopCounts run_loop(boost::asio::io_context& io) {
  return run_loop(io, [] { return std::chrono::steady_clock::now(); });
}

}  // namespace gantry::net
