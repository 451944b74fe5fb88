#include "rpc/budget.h"

#include <gtest/gtest.h>

namespace gantry::rpc {
namespace {

TEST(Budget, GivenOneThatTakesAllItMayThenOthersStillGetTheirs) {
  Budget budget({.all_max = 100, .one_max = 60, .one_sure = 10});
  Share greedy(budget), second(budget);
  EXPECT_TRUE(greedy.take(60));
  EXPECT_FALSE(greedy.take(1)) << "the most of one";
  EXPECT_TRUE(second.take(40));
  EXPECT_FALSE(second.take(1)) << "the most of all";
  Share late(budget);
  EXPECT_TRUE(late.take(10)) << "what each has for certain";
  EXPECT_FALSE(late.take(1));
  greedy.give_back(60);
  EXPECT_TRUE(late.take(50));
  EXPECT_EQ(budget.used(), 100U);
}

TEST(Budget, GivenAShareThatGoesThenWhatItHadIsThereForOthers) {
  Budget budget({.all_max = 100, .one_max = 100, .one_sure = 0});
  {
    Share one(budget);
    EXPECT_TRUE(one.take(100));
  }
  EXPECT_EQ(budget.used(), 0U);
  Share other(budget);
  EXPECT_FALSE(other.take(101)) << "all or nothing";
  EXPECT_EQ(other.used(), 0U);
  EXPECT_TRUE(other.take(100));
}

}  // namespace
}  // namespace gantry::rpc
