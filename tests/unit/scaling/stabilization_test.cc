// Stabilisation windows in both directions.
#include "scaling/stabilization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'000'000;

struct WindowCase {
  std::string name;
  int32_t up_window_s, down_window_s;
  std::vector<Recommendation> past;
  int32_t current, desired, expected;
};

class StabilizationWindow : public ::testing::TestWithParam<WindowCase> {};

TEST_P(StabilizationWindow, GivenPastRecommendations_WhenStabilized_ThenWithinTheWindows) {
  const WindowCase& given = GetParam();
  ScaledObjectSpec spec;
  spec.scale_up.stabilization_window_s = given.up_window_s;
  spec.scale_down.stabilization_window_s = given.down_window_s;
  std::vector<Recommendation> recommendations = given.past;
  Explanation explanation;
  EXPECT_EQ(stabilize(spec, recommendations, given.current, given.desired, kNow, explanation), given.expected);
  EXPECT_EQ(recommendations.back(), (Recommendation{kNow, given.desired}));
  EXPECT_EQ(explanation.has(Topic::stabilization), given.expected != given.desired);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, StabilizationWindow,
    ::testing::Values(WindowCase{"nothing_past", 0, 300, {}, 5, 2, 2},
                      WindowCase{"up_at_once", 0, 300, {{kNow - 1000, 1}}, 1, 9, 9},
                      WindowCase{"down_waits_for_the_highest", 0, 300, {{kNow - 299'999, 8}, {kNow - 1, 3}}, 9, 2, 8},
                      WindowCase{"down_window_is_over", 0, 300, {{kNow - 300'000, 8}, {kNow - 1, 3}}, 9, 2, 3},
                      WindowCase{"down_never_ends_above_current", 0, 300, {{kNow - 1000, 20}}, 9, 2, 9},
                      WindowCase{"down_at_once", 0, 0, {{kNow - 1, 9}}, 9, 2, 2},
                      WindowCase{"up_waits_for_the_lowest", 60, 300, {{kNow - 59'999, 4}, {kNow - 1, 7}}, 3, 9, 4},
                      WindowCase{"up_window_is_over", 60, 300, {{kNow - 60'000, 4}, {kNow - 1, 7}}, 3, 9, 7},
                      WindowCase{"up_never_ends_below_current", 60, 300, {{kNow - 1000, 1}}, 3, 9, 3},
                      WindowCase{"between_both_windows_stays", 60, 60, {{kNow - 1000, 2}, {kNow - 900, 8}}, 5, 4, 5},
                      WindowCase{"equal_stays", 0, 300, {{kNow - 1000, 2}}, 5, 5, 5}),
    [](const auto& info) { return info.param.name; });

TEST(Stabilization, GivenOldRecommendations_WhenStabilized_ThenThoseOutsideBothWindowsGo) {
  ScaledObjectSpec spec;
  spec.scale_up.stabilization_window_s = 10;
  spec.scale_down.stabilization_window_s = 60;
  std::vector<Recommendation> recommendations{{kNow - 60'001, 9}, {kNow - 30'000, 3}, {kNow - 5'000, 2}};
  Explanation explanation;
  stabilize(spec, recommendations, 3, 3, kNow, explanation);
  EXPECT_EQ(recommendations, (std::vector<Recommendation>{{kNow - 30'000, 3}, {kNow - 5'000, 2}, {kNow, 3}}));
}

TEST(Stabilization, GivenEndlessSyncsWithinTheWindow_WhenStabilized_ThenMemoryIsLimited) {
  ScaledObjectSpec spec;
  std::vector<Recommendation> recommendations(kRecommendationsMax, {kNow, 1});
  Explanation explanation;
  stabilize(spec, recommendations, 3, 3, kNow, explanation);
  EXPECT_EQ(recommendations.size(), kRecommendationsMax);
}

TEST(Stabilization, GivenAHold_WhenExplained_ThenSaysSinceWhenAndHowLong) {
  ScaledObjectSpec spec;
  spec.scale_up.stabilization_window_s = 30;
  std::vector<Recommendation> recommendations{{kNow - 120'000, 8}, {kNow - 60'000, 8}};
  Explanation explanation;
  stabilize(spec, recommendations, 9, 2, kNow, explanation);
  stabilize(spec, recommendations, 1, 6, kNow + 10'000, explanation);
  EXPECT_EQ(explanation.text(),
            "stabilization: 8 rather than 2: 8 was recommended 60 s ago, scale-down waits for 300 s\n"
            "stabilization: 2 rather than 6: 2 was recommended 10 s ago, scale-up waits for 30 s\n");
}

}  // namespace
}  // namespace gantry::scaling
