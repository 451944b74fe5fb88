#include "triggers/recent_needs.h"

#include <gtest/gtest.h>

namespace gantry::triggers {
namespace {

using namespace std::chrono_literals;

TEST(RecentNeeds, GivenANeedThatNobodyHasAnyMoreThenItIsNotReadForAnyMore) {
  lag::LagNeeds age = kNoNeeds, retry = kNoNeeds;
  age.age = true;
  retry.retry = true;
  RecentNeeds needs;
  auto now = RecentNeeds::Clock::time_point(1h);
  needs.asked(age, now);
  for (int poll = 0; poll < 4; ++poll) needs.asked(retry, now += 30s);
  EXPECT_TRUE(needs.all().age && needs.all().retry) << "asked for within two minutes";
  for (int poll = 0; poll < 8; ++poll) needs.asked(retry, now += 30s);
  EXPECT_FALSE(needs.all().age);
  EXPECT_TRUE(needs.all().retry);
  needs.asked(age, now += 1h);
  EXPECT_TRUE(needs.all().age);
  EXPECT_FALSE(needs.all().retry) << "an hour ago";
}

TEST(RecentNeeds, GivenQuestionsOncePerPollThenBothStay) {
  lag::LagNeeds age = kNoNeeds, retry = kNoNeeds;
  age.age = true;
  retry.retry = true;
  RecentNeeds needs;
  auto now = RecentNeeds::Clock::time_point(1h);
  for (int poll = 0; poll < 20; ++poll) {
    needs.asked(poll % 2 == 0 ? age : retry, now += 60s);
    if (poll > 0) {
      EXPECT_TRUE(needs.all().age && needs.all().retry) << poll;
    }
  }
}

}  // namespace
}  // namespace gantry::triggers
