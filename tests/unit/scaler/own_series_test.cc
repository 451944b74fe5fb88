#include "scaler/own_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::scaler {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(OwnSeries, GivenTriggersThenWhatIsUnknownHasNoSeries) {
  ScaledObjects objects;
  ScaledObjectRef ref{"orders", "shop", {}};
  kube::RocketmqTriggerMetadata trigger;
  trigger.topics = {"orders", "returns"};
  trigger.consumer_group = "workers";
  trigger.lag_threshold = 50;
  Result<triggers::TriggerRead> read = triggers::TriggerRead{};
  read->value.metrics.push_back({"lag", 120.0, {}, {}});
  read->value.metrics.push_back({"lag-seconds", std::unexpected("the broker does not say"), {}, {}});
  read->value.active = true;
  objects.record(ref, &trigger, &read, "", 1'000);
  const std::string labels = "{namespace=\"shop\",name=\"orders\",topics=\"orders,returns\",group=\"workers\"} ";
  const std::string text = own_series(objects, {1, 2, 3});
  EXPECT_THAT(text, HasSubstr("gantry_scaler_triggers 1\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_clusters 1\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_lag_messages" + labels + "120\n"));
  EXPECT_THAT(text, Not(HasSubstr("gantry_scaler_trigger_lag_seconds{")));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_lag_threshold_messages" + labels + "50\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_active" + labels + "1\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_up" + labels + "0\n")) << "a part of it is unknown";
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_questions_total" + labels + "1\n"));

  read->value.metrics.pop_back();
  objects.record(ref, &trigger, &read, "", 1'500);
  EXPECT_THAT(own_series(objects, {}), HasSubstr("gantry_scaler_trigger_up" + labels + "1\n"));

  const Result<triggers::TriggerRead> failed = fail(Errc::unavailable, "nobody answers");
  objects.record(ref, &trigger, &failed, "nobody answers", 2'000);
  const std::string without = own_series(objects, {});
  EXPECT_THAT(without, Not(HasSubstr("gantry_scaler_trigger_lag_messages{")));
  EXPECT_THAT(without, Not(HasSubstr("gantry_scaler_trigger_active{")));
  EXPECT_THAT(without, HasSubstr("gantry_scaler_trigger_up" + labels + "0\n"));
}

}  // namespace
}  // namespace gantry::scaler
