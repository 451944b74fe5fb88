#include "triggers/ask_pattern.h"

#include <gtest/gtest.h>

namespace gantry::triggers {
namespace {

using namespace std::chrono_literals;
using Time = AskPattern::Clock::time_point;
constexpr Time kBegin = Time{} + 1h;

std::optional<AskPattern::Clock::duration> after(std::initializer_list<std::chrono::milliseconds> times) {
  AskPattern pattern;
  for (const auto time : times) pattern.asked(kBegin + time);
  const auto next = pattern.next();
  if (!next) return std::nullopt;
  return *next - kBegin;
}

TEST(AskPattern, GivenTwoEqualGapsThenTheNextQuestionIsForeseen) {
  EXPECT_EQ(after({0s}), std::nullopt);
  EXPECT_EQ(after({0s, 5s}), std::nullopt);
  EXPECT_EQ(after({0s, 5s, 10s}), 15s);
  EXPECT_EQ(after({0s, 5s, 9500ms}), 14s) << "give or take a fifth";
}

TEST(AskPattern, GivenSeveralQuestionsOfOnePollThenTheyAreOne) {
  EXPECT_EQ(after({0ms, 3ms, 5000ms, 5002ms, 10000ms, 10400ms}), 15s);
}

TEST(AskPattern, GivenNoPatternThenNothingIsForeseen) {
  EXPECT_EQ(after({0s, 5s, 10s, 12s}), std::nullopt);
  EXPECT_EQ(after({0s, 5s, 10s, 30s}), std::nullopt);
  EXPECT_EQ(after({0s, 200s, 400s}), std::nullopt) << "too seldom";
  EXPECT_EQ(after({0s, 5s, 10s, 12s, 14s}), 16s) << "a new one";
}

}  // namespace
}  // namespace gantry::triggers
