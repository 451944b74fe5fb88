#include "broker/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::broker {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Waiting {
  boost::asio::io_context io;
  Arrivals arrivals{io, 3};
  std::vector<std::string> log;

  auto note(std::string name) {
    return [this, name](bool arrived) { log.push_back(name + (arrived ? "+" : "-")); };
  }
  Result<void> wait(std::string name, int queue, std::chrono::milliseconds time) {
    return arrivals.wait("t", queue, Arrivals::Clock::now() + time, note(name));
  }
};

TEST(Arrivals, GivenAnArrivalThenItsQueueAndAnyQueueWake) {
  Waiting w;
  ASSERT_TRUE(w.wait("zero", 0, 10s));
  ASSERT_TRUE(w.wait("one", 1, 10s));
  ASSERT_TRUE(w.wait("any", Arrivals::kAnyQueue, 10s));
  w.arrivals.arrived("t", 0);
  EXPECT_THAT(w.log, ElementsAre("zero+", "any+"));
  w.arrivals.arrived("t", 0);
  w.arrivals.arrived("other", 1);
  EXPECT_EQ(w.arrivals.size(), 1u);
  w.arrivals.expire("t");
  EXPECT_THAT(w.log, ElementsAre("zero+", "any+", "one-"));
}

TEST(Arrivals, GivenDeadlinesThenTheyPassInOrder) {
  Waiting w;
  ASSERT_TRUE(w.wait("late", 0, 30ms));
  ASSERT_TRUE(w.wait("early", 0, 10ms));
  w.io.run_for(5s);
  EXPECT_THAT(w.log, ElementsAre("early-", "late-"));
}

TEST(Arrivals, GivenTooManyThenOneMoreIsRefused) {
  Waiting w;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(w.wait("x", i, 10s));
  EXPECT_EQ(w.wait("x", 3, 10s).error().code, Errc::resource_exhausted);
}

TEST(Arrivals, GivenAWaiterThatWaitsAgainWhenWokenThenItIsWokenByTheNext) {
  Waiting w;
  ASSERT_TRUE(
      w.arrivals.wait("t", 0, Arrivals::Clock::now() + 10s, [&](bool) { EXPECT_TRUE(w.wait("again", 0, 10s)); }));
  w.arrivals.arrived("t", 0);
  EXPECT_TRUE(w.log.empty());
  w.arrivals.arrived("t", 0);
  EXPECT_THAT(w.log, ElementsAre("again+"));
}

}  // namespace
}  // namespace gantry::broker
