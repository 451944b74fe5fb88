// Pause annotations, as KEDA reads them.
#include "scaling/pause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::scaling {
namespace {

struct FlagCase {
  const char* value;
  bool on;
};

TEST(Pause, GivenAFlagsValue_WhenRead_ThenOnlyAWrittenFalseIsOff) {
  for (const FlagCase& given : {FlagCase{"true", true},
                                {"1", true},
                                {"T", true},
                                {"", true},
                                {"yes", true},
                                {"fAlse", true},
                                {"false", false},
                                {"False", false},
                                {"FALSE", false},
                                {"f", false},
                                {"F", false},
                                {"0", false}}) {
    const auto pause = pause_from_annotations({{std::string(kPausedAnnotation), given.value}});
    ASSERT_TRUE(pause);
    EXPECT_EQ(pause->paused, given.on) << '"' << given.value << '"';
  }
}

TEST(Pause, GivenEachAnnotation_WhenRead_ThenItsFieldIsSet) {
  const auto pause = pause_from_annotations({{"autoscaling.keda.sh/paused-scale-in", "true"},
                                             {"autoscaling.keda.sh/paused-scale-out", "true"},
                                             {"autoscaling.keda.sh/force-activation", "true"},
                                             {"autoscaling.keda.sh/paused-replicas", "3"},
                                             {"example.com/other", "true"}});
  ASSERT_TRUE(pause);
  EXPECT_EQ(*pause, (PauseSpec{.paused = false,
                               .paused_replicas = 3,
                               .scale_in_paused = true,
                               .scale_out_paused = true,
                               .force_activation = true}));
  EXPECT_EQ(*pause_from_annotations({}), PauseSpec{});
}

TEST(Pause, GivenPausedReplicasThatAreNoCount_WhenRead_ThenRefused) {
  for (const char* value : {"", "x", "-1", "2x", "1.5", "99999999999"}) {
    const auto pause = pause_from_annotations({{"autoscaling.keda.sh/paused-replicas", value}});
    ASSERT_FALSE(pause) << value;
    EXPECT_THAT(pause.error().message, ::testing::StartsWith("autoscaling.keda.sh/paused-replicas: expected a whole"));
  }
}

}  // namespace
}  // namespace gantry::scaling
