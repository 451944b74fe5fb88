// Runs an io_context for a server whose next request often comes microseconds after the last answer: then the thread looks
// for it instead of going to sleep. To sleep and to be woken costs a request some 40 us on an idle core, more than to
// serve it. Where requests come seldom it sleeps at once, as io_context::run() does.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>

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

struct LoopCounts {
  std::uint64_t slept = 0;           // waits that were slept through
  std::uint64_t looked_in_vain = 0;  // of these, after kLook
};

// How a loop waits for work: a server whose answers somebody waits for looks for it first, others sleep at once.
enum class IdleLoop { looks, sleeps };

// As io.run(): on the calling thread, until the context is stopped or has no work. What a handler throws is a fault of
// ours, but no reason to take the others down: it is logged as `who`'s, and the loop goes on, as in an IoThread.
void run_loop(boost::asio::io_context& io, std::string_view who, IdleLoop idle = IdleLoop::looks);

// The same for anything that has the io_context's stopped(), poll() and run_one(), by a clock of the caller's.
template <class Context, class Now>
LoopCounts run_turns(Context& io, Now&& now) {
  LoopCounts counts;
  WaitHistory waits;
  bool looked = false;
  auto idle_since = now();
  while (!io.stopped()) {
    const auto begun = now();
    if (io.poll() > 0) {
      waits.looked(begun - idle_since);
    } else if (waits.is_short() && begun - idle_since <= WaitHistory::kLook) {
      looked = true;
      continue;
    } else {
      ++counts.slept;
      if (looked) ++counts.looked_in_vain;
      io.run_one();
      waits.slept(now() - idle_since);  // with the handler, which is brief or followed by more
      io.poll();  // what the handler has posted is of this turn: a wait for it would pass for a short one
    }
    looked = false;
    idle_since = now();
  }
  return counts;
}

}  // namespace gantry::net
