#include "net/alarm.h"

#include <gtest/gtest.h>

#include <optional>

namespace gantry::net {
namespace {

using namespace std::chrono_literals;

TEST(Alarm, GivenSeveralTimesThenItRingsOnceAtTheEarliest) {
  boost::asio::io_context io;
  int rings = 0;
  Alarm alarm(io, [&] { ++rings; });
  const auto begin = Alarm::Clock::now();
  alarm.ring_after(1h);
  alarm.ring_at(begin + 20ms);
  alarm.ring_after(2h);
  io.run();
  EXPECT_EQ(rings, 1);
  EXPECT_GE(Alarm::Clock::now(), begin + 20ms);
}

TEST(Alarm, GivenATimePastWhenItRangThenItMayBeArmedAgain) {
  boost::asio::io_context io;
  int rings = 0;
  std::optional<Alarm> alarm;
  alarm.emplace(io, [&] {
    if (++rings < 3) alarm->ring_after(-1s);
  });
  alarm->ring_after(-1s);
  EXPECT_EQ(rings, 0) << "not from within the call";
  io.run();
  EXPECT_EQ(rings, 3);
}

// The completion is queued already when its owner ends: a cancel comes too late for it.
TEST(Alarm, GivenItsTimeHasComeWhenItIsStoppedOrGoneThenItDoesNotRing) {
  boost::asio::io_context io;
  int rings = 0;
  std::optional<Alarm> stopped, gone, stops_itself;
  const auto ring = [&] {
    ++rings;
    stopped->stop();
    gone.reset();
    stops_itself.reset();  // this very function lives on until it returns
  };
  const auto now = Alarm::Clock::now();
  stops_itself.emplace(io, ring);
  stopped.emplace(io, [&] { ++rings; });
  gone.emplace(io, [&] { ++rings; });
  stops_itself->ring_at(now - 3s);
  stopped->ring_at(now - 2s);
  gone->ring_at(now - 1s);
  io.run();
  EXPECT_EQ(rings, 1);
  stopped->ring_after(0s);
  io.restart();
  io.run();
  EXPECT_EQ(rings, 1);
}

}  // namespace
}  // namespace gantry::net
