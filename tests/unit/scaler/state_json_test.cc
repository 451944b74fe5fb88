// What the page is told: unknown is null with its reason, replicas are what the scaling code makes of a reading.
#include "scaler/state_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/json_text.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr std::int64_t kJsonNow = 1'700'000'000'000;

class StateJson : public testing::Test {
 protected:
  void ask(std::vector<scaling::MetricReading> metrics, std::string error = {}, std::int64_t at_ms = kJsonNow) {
    triggers::TriggerRead read;
    if (metrics.front().value) read.value.active = *metrics.front().value > 0;
    read.value.metrics = std::move(metrics);
    const Result<triggers::TriggerRead> result = read;
    objects.record(ref, &trigger, &result, std::move(error), at_ms);
  }
  json::object listed() {
    return list_json(objects, replicas, {}, kJsonNow).at("triggers").as_array().at(0).as_object();
  }
  static json::object parsed(const char* text) { return json::parse(text).as_object(); }

  ScaledObjects objects;
  Replicas replicas;
  ScaledObjectRef ref{"orders", "shop", {}};
  kube::RocketmqTriggerMetadata trigger = [] {
    kube::RocketmqTriggerMetadata made;
    made.topics = {"orders"};
    made.consumer_group = "workers";
    made.lag_threshold = 300;
    made.name_servers = {"127.0.0.1:9876"};
    made.lag_seconds_threshold = 30;
    return made;
  }();
};

TEST_F(StateJson, GivenAReadingThenItsReplicasAreTheCeilingOfItsShare) {
  ask({{"lag", 1'201.0, 1'500.0, "4 queues x 300", "capped from 1,500"}, {"lag-seconds", 12.5, {}, {}}});
  const json::object row = listed();
  EXPECT_EQ(
      json_text(row.at("metrics")),
      R"([{"name":"lag","value":1201,"measured":1500,"why_counted":"4 queues x 300","why_short":"capped from 1,500","target":300,"desired":5,"unknown":""},)"
      R"({"name":"lag-seconds","value":12.5,"measured":null,"why_counted":"","why_short":"","target":30,"desired":1,"unknown":""}])");
  EXPECT_EQ(row.at("desired"), 5);
  EXPECT_EQ(row.at("state"), "active");
  EXPECT_EQ(row.at("id"), "workers/orders@127.0.0.1:9876");
  EXPECT_EQ(row.at("replicas").at("current"), nullptr);
  EXPECT_EQ(row.at("replicas").at("unknown"), "no access to the Kubernetes API");
}

TEST_F(StateJson, GivenNothingWaitsThenZeroIsAKnownNumber) {
  ask({{"lag", 0.0, {}, {}}, {"lag-seconds", 0.0, {}, {}}});
  EXPECT_EQ(listed().at("desired"), 0);
  EXPECT_EQ(listed().at("state"), "idle");
}

TEST_F(StateJson, GivenAnUnknownMetricThenItIsNullWithItsReasonAndNothingIsDesired) {
  ask({{"lag", 900.0, {}, {}}, {"lag-seconds", std::unexpected("the broker is too old"), {}, {}}});
  const json::object row = listed();
  EXPECT_EQ(row.at("metrics").at(1).at("value"), nullptr);
  EXPECT_EQ(row.at("metrics").at(1).at("desired"), nullptr);
  EXPECT_EQ(row.at("metrics").at(1).at("unknown"), "the broker is too old");
  EXPECT_EQ(row.at("desired"), nullptr);
  EXPECT_EQ(row.at("state"), "error");
  EXPECT_EQ(row.at("error"), "lag-seconds: the broker is too old");
}

TEST_F(StateJson, GivenAQuestionThatReadNothingThenEachMetricIsUnknownForThatReason) {
  const Result<triggers::TriggerRead> failed = fail(Errc::not_found, "credentials \"x\" are not known");
  objects.record(ref, &trigger, &failed, "credentials \"x\" are not known", kJsonNow);
  const json::object row = listed();
  EXPECT_EQ(row.at("metrics").at(0).at("value"), nullptr);
  EXPECT_EQ(row.at("metrics").at(0).at("unknown"), "credentials \"x\" are not known");
  EXPECT_EQ(row.at("active"), nullptr);
  EXPECT_EQ(row.at("newest_error_at_ms"), kJsonNow);
}

TEST_F(StateJson, GivenAStreamBeforeTheFirstQuestionThenItIsNotAskedYet) {
  objects.pushes(ref, trigger, true);
  const json::object row = listed();
  EXPECT_EQ(row.at("state"), "not_asked");
  EXPECT_EQ(row.at("pushes"), true);
  EXPECT_EQ(row.at("asked_at_ms"), nullptr);
  EXPECT_EQ(row.at("metrics").at(0).at("unknown"), "not asked yet");
}

TEST_F(StateJson, GivenAnObjectThenItsHistoryHasGapsWhereLagWasUnknown) {
  ask({{"lag", 10.0, {}, {}}}, {}, kJsonNow - 10'000);
  ask({{"lag", 30.0, 70.0, "4 queues x 5"}}, {}, kJsonNow - 9'000);
  ask({{"lag", std::unexpected("no route"), {}, {}}}, "no", kJsonNow - 4'000);
  const auto object = object_json(objects, replicas, "shop", "orders", kJsonNow);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(
      json_text(object->at("triggers").at(0).at("history")),
      R"([{"at_ms":1699999990000,"lag":30,"measured":70,"lag_seconds":null},{"at_ms":1699999996000,"lag":null,"measured":null,"lag_seconds":null}])");
  const auto unheard = object_json(objects, replicas, "shop", "order", kJsonNow);
  ASSERT_FALSE(unheard);
  EXPECT_EQ(unheard.error().code, Errc::not_found);
}

TEST_F(StateJson, GivenTwoTriggersOfAnObjectThenBothAreToldAndNoneOfANeighbour) {
  ask({{"lag", 10.0, {}, {}}});
  trigger.topics = {"bills"};
  ask({{"lag", 20.0, {}, {}}});
  ref.name = "orders2";
  ask({{"lag", 30.0, {}, {}}});
  const auto object = object_json(objects, replicas, "shop", "orders", kJsonNow);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->at("triggers").as_array().size(), 2);
}

TEST_F(StateJson, GivenAGroupThatNeverCommittedAndHasNoConsumerThenANoticeAsksForItsName) {
  struct Case {
    const char* what;
    std::vector<lag::QueueReading> queues;
    std::optional<std::int64_t> consumers;
    bool notice;
  };
  const auto queue = [](std::int64_t end, bool never) {
    lag::QueueReading made;
    made.broker_offset = end;
    made.lag = end;
    made.never_committed = never;
    return made;
  };
  for (const Case& each : {Case{"a name that nobody uses", {queue(5, true), queue(0, false)}, 0, true},
                           Case{"consumers not asked for", {queue(5, true)}, std::nullopt, true},
                           Case{"a consumer is there", {queue(5, true)}, 1, false},
                           Case{"a committed queue", {queue(5, true), queue(5, false)}, 0, false},
                           Case{"an empty topic", {queue(0, false)}, 0, false}, Case{"no queue", {}, 0, false}}) {
    triggers::TriggerRead read;
    read.value.metrics.push_back({"lag", 5.0, {}, {}});
    lag::LagReading& reading = read.readings.emplace_back().emplace();
    reading.queues = each.queues;
    reading.consumers = each.consumers;
    const Result<triggers::TriggerRead> result = read;
    objects.record(ref, &trigger, &result, {}, kJsonNow);
    const json::object row = listed();
    const std::string notice(row.at("notice").as_string());
    EXPECT_EQ(notice.empty(), !each.notice) << each.what;
    EXPECT_THAT(notice, testing::AnyOf("", HasSubstr("group workers has never committed an offset"))) << each.what;
    EXPECT_EQ(row.at("error"), "") << each.what;
  }
  const Result<triggers::TriggerRead> failed = fail(Errc::unavailable, "nobody answers");
  objects.record(ref, &trigger, &failed, "nobody answers", kJsonNow);
  EXPECT_EQ(listed().at("notice"), "") << "nothing is known of the group";
}

constexpr const char* kScaledObject = R"({"metadata": {"namespace": "shop", "name": "orders"},
  "spec": {"minReplicaCount": 1, "maxReplicaCount": 20},
  "status": {"hpaName": "keda-hpa-orders", "conditions": [{"type": "Ready", "status": "True"},
    {"type": "Fallback", "status": "True"}, {"type": "Paused", "status": "False"}]}})";
constexpr const char* kHpa = R"({"metadata": {"namespace": "shop", "name": "keda-hpa-orders"},
  "status": {"currentReplicas": 3, "desiredReplicas": 5, "conditions": [{"type": "AbleToScale", "status": "True"}]}})";

TEST_F(StateJson, GivenAnHpaThenItsCountsAreTold) {
  replicas.set_unknown({});
  replicas.put_scaled_object(parsed(kScaledObject));
  replicas.put_hpa(parsed(kHpa));
  ask({{"lag", 1'500.0, {}, {}}, {"lag-seconds", 1.0, {}, {}}});
  EXPECT_EQ(
      json_text(listed().at("replicas")),
      R"({"current":3,"hpa_desired":5,"min":1,"max":20,"hpa":"keda-hpa-orders","paused":false,"fallback":true,"problem":"","unknown":""})");
}

TEST(Replicas, GivenWhatIsMissingThenCountsAreUnknownAndTheReasonNamesIt) {
  const auto parsed = [](const char* text) { return json::parse(text).as_object(); };
  Replicas replicas;
  replicas.set_unknown({});
  EXPECT_THAT(replicas.find("shop", "orders").unknown, HasSubstr("no ScaledObject of this name"));
  replicas.put_scaled_object(parsed(R"({"metadata": {"namespace": "shop", "name": "orders"}, "spec": {}})"));
  ObjectReplicas found = replicas.find("shop", "orders");
  EXPECT_EQ(found.unknown, "there is no HPA keda-hpa-orders");
  EXPECT_EQ(found.min, 0);
  EXPECT_EQ(found.max, 100);
  EXPECT_FALSE(found.current);
  // made, and not looked at: its counts of zero mean nothing
  replicas.put_hpa(parsed(
      R"({"metadata": {"namespace": "shop", "name": "keda-hpa-orders"}, "status": {"desiredReplicas": 0, "currentMetrics": null}})"));
  found = replicas.find("shop", "orders");
  EXPECT_FALSE(found.current);
  EXPECT_THAT(found.unknown, HasSubstr("not been looked at"));
  replicas.erase_scaled_object(parsed(R"({"metadata": {"namespace": "shop", "name": "orders"}})"));
  EXPECT_THAT(replicas.find("shop", "orders").unknown, HasSubstr("no ScaledObject of this name"));
}

TEST(Replicas, GivenAWorkloadAtZeroThenZeroIsKnownAndNoComplaint) {
  Replicas replicas;
  replicas.set_unknown({});
  replicas.put_scaled_object(json::parse(kScaledObject).as_object());
  // as the API server writes it: a count of 0 is left out
  replicas.put_hpa(json::parse(R"({"metadata": {"namespace": "shop", "name": "keda-hpa-orders"}, "status":
    {"desiredReplicas": 0, "conditions": [{"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}]}})")
                       .as_object());
  const ObjectReplicas found = replicas.find("shop", "orders");
  EXPECT_EQ(found.current, 0);
  EXPECT_EQ(found.problem, "");
}

TEST(Replicas, GivenComplaintsThenKedasComesBeforeTheHpas) {
  Replicas replicas;
  replicas.set_unknown({});
  const char* hpa =
      R"({"metadata": {"namespace": "shop", "name": "keda-hpa-orders"}, "status": {"desiredReplicas": 1, "conditions":
    [{"type": "ScalingActive", "status": "False", "reason": "FailedGetExternalMetric", "message": "unable to get"}]}})";
  replicas.put_scaled_object(json::parse(kScaledObject).as_object());
  replicas.put_hpa(json::parse(hpa).as_object());
  EXPECT_EQ(replicas.find("shop", "orders").problem, "HPA: unable to get");
  replicas.put_scaled_object(json::parse(R"({"metadata": {"namespace": "shop", "name": "orders"},
    "status": {"conditions": [{"type": "Ready", "status": "False", "message": "target not found"}]}})")
                                 .as_object());
  EXPECT_EQ(replicas.find("shop", "orders").problem, "KEDA: target not found");
}

TEST(Replicas, GivenJsonOfAnyShapeThenNothingIsAssumed) {
  Replicas replicas;
  for (const char* text : {"{}", R"({"metadata": 1})", R"({"metadata": {"name": 1}, "spec": [], "status": "x"})",
                           R"({"metadata": {"name": "a"}, "status": {"conditions": [1, {"type": 2}]}})",
                           R"({"metadata": {"name": "a"}, "status": {"conditions": [], "currentReplicas": -1}})"}) {
    replicas.put_scaled_object(json::parse(text).as_object());
    replicas.put_hpa(json::parse(text).as_object());
  }
}

}  // namespace
}  // namespace gantry::scaler
