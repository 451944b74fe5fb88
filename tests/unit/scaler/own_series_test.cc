#include "scaler/own_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

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
  trigger.name_servers = {"a:9876"};
  Result<triggers::TriggerRead> read = triggers::TriggerRead{};
  read->value.metrics.push_back({"lag", 120.0, 1'000.0, "4 queues x 30"});
  read->value.metrics.push_back({"lag-seconds", std::unexpected("the broker does not say"), {}, {}});
  read->value.active = true;
  objects.record(ref, &trigger, &read, "", 1'000);
  const std::string labels =
      "{namespace=\"shop\",name=\"orders\",topics=\"orders,returns\",group=\"workers\",name_servers=\"a:9876\"} ";
  const std::string text = own_series(objects, {1, 2, 3});
  EXPECT_THAT(text, HasSubstr("gantry_scaler_triggers 1\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_clusters 1\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_lag_messages" + labels + "1000\n"));
  EXPECT_THAT(text, HasSubstr("gantry_scaler_trigger_value_messages" + labels + "120\n"));
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
  EXPECT_THAT(without, HasSubstr("gantry_scaler_trigger_questions_total" + labels + "3\n"));
  EXPECT_THAT(without, HasSubstr("gantry_scaler_trigger_errors_total" + labels + "2\n"));
}

TEST(OwnSeries, GivenATriggerThatWasNeverAskedAboutThenNothingSaysThatItIsUp) {
  ScaledObjects objects;
  kube::RocketmqTriggerMetadata trigger;
  trigger.topics = {"orders"};
  trigger.consumer_group = "workers";
  trigger.lag_threshold = 50;
  objects.pushes({"orders", "shop", {}}, trigger, true);
  EXPECT_THAT(own_series(objects, {}), Not(HasSubstr("gantry_scaler_trigger_up{")));
}

TEST(OwnSeries, GivenOneTopicInTwoClustersThenNoTwoSamplesHaveTheSameLabels) {
  ScaledObjects objects;
  kube::RocketmqTriggerMetadata trigger;
  trigger.topics = {"orders"};
  trigger.consumer_group = "workers";
  trigger.lag_threshold = 50;
  const Result<triggers::TriggerRead> read = triggers::TriggerRead{};
  for (const char* name_server : {"a:9876", "b:9876"}) {
    trigger.name_servers = {name_server};
    objects.record({"orders", "shop", {}}, &trigger, &read, "", 1'000);
  }
  std::istringstream lines(own_series(objects, {}));
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second || line.starts_with('#')) << line;
  }
}

TEST(OwnSeries, GivenAllSeriesThenTheDocumentationNamesThemAndNoOther) {
  ScaledObjects objects;
  kube::RocketmqTriggerMetadata trigger;
  trigger.lag_threshold = 50;
  Result<triggers::TriggerRead> read = triggers::TriggerRead{};
  read->value.metrics.push_back({"lag", 120.0, {}, {}});
  read->value.metrics.push_back({"lag-seconds", 1.0, {}, {}});
  read->value.active = true;
  objects.record({"orders", "shop", {}}, &trigger, &read, "", 1'000);
  const auto names_in = [](const std::string& text) {
    static const std::regex name("gantry_scaler_[a-z_]+");
    return std::set<std::string>(std::sregex_token_iterator(text.begin(), text.end(), name), {});
  };
  std::ifstream file(GANTRY_SOURCE_DIR "/docs/scaler.md");
  std::stringstream document;
  document << file.rdbuf();
  EXPECT_EQ(names_in(own_series(objects, {})), names_in(document.str()));
}

}  // namespace
}  // namespace gantry::scaler
