#include "net/run_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <string>
#include <thread>

namespace gantry::net {
namespace {

using namespace std::chrono_literals;

TEST(WaitHistory, GivenNothingYetThenItSleeps) { EXPECT_FALSE(WaitHistory().is_short()); }

TEST(WaitHistory, GivenAShortWaitThenItLooks) {
  WaitHistory waits;
  waits.looked(WaitHistory::kLook);
  EXPECT_TRUE(waits.is_short());
}

TEST(WaitHistory, GivenAWaitThatWasSleptThroughThenTheWakeUpsAreTakenOff) {
  WaitHistory waits;
  waits.looked(WaitHistory::kLook + WaitHistory::kWakeUps);
  EXPECT_FALSE(waits.is_short());
  waits.slept(WaitHistory::kLook + WaitHistory::kWakeUps);
  EXPECT_TRUE(waits.is_short());
  waits.slept(WaitHistory::kLook + WaitHistory::kWakeUps + 1ns);
  EXPECT_FALSE(waits.is_short());
}

TEST(WaitHistory, GivenRequestsThatComeSeldomThenItLooksInVainAFewTimesAndNeverAgain) {
  WaitHistory waits;
  for (int i = 0; i < 1000; ++i) waits.looked(1us);
  int in_vain = 0;
  for (int i = 0; i < 1000; ++i) {
    if (waits.is_short()) ++in_vain;
    waits.slept(1ms);
  }
  EXPECT_LE(in_vain, 4);
}

TEST(WaitHistory, GivenEverySecondWaitIsLongThenItSleepsMostly) {
  WaitHistory waits;
  int looks = 0;
  for (int i = 0; i < 1000; ++i) {
    if (waits.is_short()) ++looks;
    waits.slept(i % 2 == 0 ? 1us : 1ms);
  }
  EXPECT_LE(looks, 500);
  EXPECT_FALSE(waits.is_short());
}

TEST(RunLoop, GivenNoWorkThenItReturns) {
  boost::asio::io_context io;
  run_loop(io, "test");
  EXPECT_TRUE(io.stopped());
}

TEST(RunLoop, GivenPostsAndTimersThenAllRunInOrderAndItReturns) {
  boost::asio::io_context io;
  std::string ran;
  boost::asio::steady_timer timer(io, 2ms);
  timer.async_wait([&](boost::system::error_code) {
    ran += 'c';
    boost::asio::post(io, [&] { ran += 'd'; });
  });
  boost::asio::post(io, [&] {
    ran += 'a';
    boost::asio::post(io, [&] { ran += 'b'; });
  });
  run_loop(io, "test");
  EXPECT_EQ(ran, "abcd");
}

TEST(RunLoop, GivenAChainOfPostsFromAnotherThreadWhenStoppedThenItReturns) {
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  int ran = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) boost::asio::post(io, [&] { ++ran; });
    boost::asio::post(io, [&] { io.stop(); });
  });
  run_loop(io, "test");
  other.join();
  EXPECT_EQ(ran, 1000);
}

// Events at times of a clock that goes on by looking and by sleeping; each event posts `posts` more.
struct Events {
  std::chrono::microseconds gap;
  int left;
  int posts = 0;
  std::chrono::microseconds now{0};
  std::chrono::microseconds next{0};
  int posted = 0;

  bool stopped() const { return left == 0 && posted == 0; }
  std::size_t poll() {
    now += 1us;
    std::size_t ran = 0;
    for (; posted > 0; ++ran) --posted;
    if (left > 0 && now >= next) {
      run();
      for (++ran; posted > 0; ++ran) --posted;
    }
    return ran;
  }
  std::size_t run_one() {  // one handler only
    if (posted > 0) return --posted, 1;
    now = std::max(now, next);
    run();
    return 1;
  }
  void run() {
    --left;
    posted += posts;
    next = now + gap;
  }
};

LoopCounts run_events(Events events) {
  return run_turns(events, [&] { return events.now; });
}

TEST(RunLoop, GivenEventsThatComeSeldomThenItSleepsAndNeverLooksInVain) {
  const LoopCounts counts = run_events({.gap = 1ms, .left = 1000});
  EXPECT_GE(counts.slept, 999u);
  EXPECT_LE(counts.looked_in_vain, 1u);
}

// A server posts with every request (its answer, its commit): that is not a request that came soon.
TEST(RunLoop, GivenEventsThatComeSeldomWhenEachPostsMoreThenItNeverLooksInVain) {
  const LoopCounts counts = run_events({.gap = 1ms, .left = 1000, .posts = 3});
  EXPECT_GE(counts.slept, 999u);
  EXPECT_LE(counts.looked_in_vain, 1u);
}

TEST(RunLoop, GivenEventsThatComeSoonThenItLooksAndDoesNotSleep) {
  for (const int posts : {0, 3}) {
    const LoopCounts counts = run_events({.gap = 30us, .left = 1000, .posts = posts});
    EXPECT_LE(counts.slept, 1u);
  }
}

TEST(RunLoop, GivenAHandlerThatThrowsThenTheOthersRunAllTheSame) {
  boost::asio::io_context io;
  bool ran = false;
  boost::asio::post(io, [] { throw std::runtime_error("a bug"); });
  boost::asio::post(io, [&] { ran = true; });
  run_loop(io, "test");
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace gantry::net
