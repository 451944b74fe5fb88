#include "net/run_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace gantry::net {

void WaitHistory::add(bool short_wait) {
  score_ = short_wait ? std::min(score_ + 1, kScoreMax) : std::max(score_ - kLongWaitCosts, 0);
}

void run_loop(boost::asio::io_context& io, std::string_view who, IdleLoop idle) {
  while (true) {
    try {
      if (idle == IdleLoop::sleeps) {
        io.run();
      } else {
        run_turns(io, [] { return std::chrono::steady_clock::now(); });
      }
      return;
    } catch (const std::exception& error) {
      spdlog::error("{}: a handler threw: {}", who, error.what());
    }
  }
}

}  // namespace gantry::net
