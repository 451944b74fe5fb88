#include "triggers/trigger_value.h"

#include <gtest/gtest.h>

namespace gantry::triggers {
namespace {

kube::RocketmqTriggerMetadata trigger() {
  kube::RocketmqTriggerMetadata t;
  t.topics = {"orders"};
  t.consumer_group = "g";
  t.lag_threshold = 100;
  return t;
}

lag::LagReading reading(std::optional<std::int64_t> lag, std::size_t queues = 4) {
  lag::LagReading r;
  r.topic = "orders";
  r.group = "g";
  r.lag = lag;
  r.retry = 0;
  r.oldest_age_ms = 2'500;
  for (std::size_t i = 0; i < queues; ++i) {
    lag::QueueReading q;
    q.queue_id = static_cast<std::int32_t>(i);
    q.lag = i == 0 ? lag : 0;
    r.queues.push_back(q);
  }
  if (!lag) r.unknown.push_back("broker-a: connection refused");
  return r;
}

double value(const scaling::TriggerReading& r, std::size_t metric = 0) { return r.metrics.at(metric).value.value(); }

TEST(LagQueries, GivenATriggerThenEachTopicIsReadInItsOrder) {
  kube::Trigger ours;
  ours.rocketmq = trigger();
  ours.rocketmq->topics = {"orders", "bills"};
  ours.rocketmq->offset_reset_policy = kube::OffsetResetPolicy::latest;
  const auto queries = lag_queries(ours);
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0].topic, "orders");
  EXPECT_EQ(queries[1].topic, "bills");
  EXPECT_EQ(queries[1].group, "g");
  EXPECT_EQ(queries[1].policy, lag::OffsetResetPolicy::latest);
}

TEST(LagQueries, GivenATriggerOfAnotherScalerThenNothingIsRead) { EXPECT_TRUE(lag_queries(kube::Trigger{}).empty()); }

TEST(TriggerValue, GivenAKnownLagThenItIsTheValueAndActiveMeansStrictlyGreater) {
  auto t = trigger();
  t.activation_lag_threshold = 7;
  EXPECT_EQ(value(trigger_value(t, {reading(8)})), 8);
  EXPECT_EQ(trigger_value(t, {reading(8)}).active, true);
  EXPECT_EQ(trigger_value(t, {reading(7)}).active, false);
}

TEST(TriggerValue, GivenAnUnknownPartThenTheValueIsUnknownWithItsReasonAndNotZero) {
  auto t = trigger();
  t.topics = {"orders", "returns"};
  const auto partly = trigger_value(t, {reading(8), reading(std::nullopt)});
  ASSERT_FALSE(partly.metrics[0].value);
  EXPECT_EQ(partly.metrics[0].value.error(), "broker-a: connection refused");
  EXPECT_EQ(partly.active, true) << "8 wait, whatever the rest is";
  t.activation_lag_threshold = 8;
  EXPECT_FALSE(trigger_value(t, {reading(8), reading(std::nullopt)}).active.has_value());
  const auto failed = trigger_value(t, {reading(8), std::unexpected(Error{Errc::unavailable, "nobody answers"})});
  EXPECT_EQ(failed.metrics[0].value.error(), "nobody answers");
}

TEST(TriggerValue, GivenAQueueThatIsUnknownThenTheKnownOnesActivateAndNeverDeactivate) {
  auto t = trigger();
  t.activation_lag_threshold = 10;
  auto r = reading(std::nullopt);
  r.queues[1].lag = 6;
  r.queues[2].lag = 5;
  r.queues[2].in_flight = 4;
  const auto beyond = trigger_value(t, {r});
  EXPECT_FALSE(beyond.metrics[0].value) << "how many are needed is not known";
  EXPECT_EQ(beyond.active, true);
  t.include_in_flight = false;
  EXPECT_FALSE(trigger_value(t, {r}).active.has_value()) << "whether the 6 are in flight is not known";
  t.mode = kube::ConsumeMode::pop;
  EXPECT_FALSE(trigger_value(t, {r}).active.has_value()) << "7";
  r.retry = 4;
  EXPECT_EQ(trigger_value(t, {r}).active, true);
  t.include_retry = false;
  EXPECT_FALSE(trigger_value(t, {r}).active.has_value());
  t.include_in_flight = true;
  EXPECT_EQ(trigger_value(t, {r}).active, true);
  r.queues[1].never_committed = true;
  t.scale_to_zero_on_invalid_offset = true;
  EXPECT_FALSE(trigger_value(t, {r}).active.has_value());
  t.scale_to_zero_on_invalid_offset = false;
  t.offset_reset_policy = kube::OffsetResetPolicy::latest;
  t.activation_lag_threshold = 11;
  EXPECT_EQ(trigger_value(t, {r}).active, true) << "one more for the queue without a commit";
  r.queues[1].lag = r.queues[2].lag = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(trigger_value(t, {r}).active, true);
}

TEST(TriggerValue, GivenUnknownRetriesThenTheyCountOnlyWhenAskedFor) {
  auto r = reading(8);
  r.retry.reset();
  auto t = trigger();
  EXPECT_FALSE(trigger_value(t, {r}).metrics[0].value);
  t.include_retry = false;
  EXPECT_EQ(value(trigger_value(t, {r})), 8);
  r.retry = 5;
  t.include_retry = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 13);
}

TEST(TriggerValue, GivenDelayedMessagesThenTheyCountOnlyWhenAskedForAndTheirRetriesWithTheRetries) {
  auto r = reading(8);
  auto t = trigger();
  EXPECT_EQ(value(trigger_value(t, {r})), 8);
  t.include_delayed = true;
  r.unknown = {"broker-a: age: another reason", "broker-a: delayed messages: 5 of 9 read"};
  ASSERT_FALSE(trigger_value(t, {r}).metrics[0].value);
  EXPECT_EQ(trigger_value(t, {r}).metrics[0].value.error(), "broker-a: delayed messages: 5 of 9 read");
  EXPECT_EQ(trigger_value(t, {r}).active, true) << "what is known is enough";
  r.delayed = 30;
  EXPECT_FALSE(trigger_value(t, {r}).metrics[0].value);
  t.activation_lag_threshold = 37;
  EXPECT_EQ(trigger_value(t, {r}).active, true);
  t.activation_lag_threshold = 38;
  EXPECT_FALSE(trigger_value(t, {r}).active.has_value());
  t.include_retry = false;
  EXPECT_EQ(value(trigger_value(t, {r})), 38);
  t.include_retry = true;
  r.delayed_retry = 4;
  const auto all = trigger_value(t, {r});
  EXPECT_EQ(value(all), 42);
  EXPECT_EQ(all.metrics[0].measured, 8);
  EXPECT_EQ(all.metrics[0].why_short, "34 of it delayed");
  EXPECT_EQ(all.metrics[0].why_counted, "34 more wait for their delivery time (includeDelayed: \"true\")");
}

TEST(TriggerValue, GivenOnlyDelayedMessagesThenTheyActivateAndLimitsHoldForThemToo) {
  auto t = trigger();
  t.include_delayed = true;
  auto r = reading(0);
  r.delayed_retry = 0;
  r.delayed = 0;
  EXPECT_EQ(trigger_value(t, {r}).active, false);
  r.delayed = 1'000;
  EXPECT_EQ(trigger_value(t, {r}).active, true);
  EXPECT_EQ(value(trigger_value(t, {r})), 400) << "4 queues of 100 each";
  t.limit_to_queues_with_lag = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 100) << "in which queues they will be is not known: one consumer is ready";
  t.limit_to_queues_with_lag = false;
  t.mode = kube::ConsumeMode::pop;
  EXPECT_EQ(value(trigger_value(t, {r})), 1'000);
}

TEST(TriggerValue, GivenMessagesInFlightThenTheyAreLeftOutOnlyWhenAskedFor) {
  auto t = trigger();
  auto r = reading(8);
  r.in_flight = 5;
  EXPECT_EQ(value(trigger_value(t, {r})), 8);
  t.include_in_flight = false;
  const auto without = trigger_value(t, {r});
  EXPECT_EQ(value(without), 3);
  EXPECT_EQ(without.metrics[0].measured, 8);
  EXPECT_EQ(without.metrics[0].why_short, "without 5 in flight");
  EXPECT_EQ(without.metrics[0].why_counted, "without 5 in flight (includeInFlight: \"false\")");
  r.in_flight = 8;
  EXPECT_EQ(trigger_value(t, {r}).active, false) << "all is being worked on";
  r.in_flight.reset();
  EXPECT_FALSE(trigger_value(t, {r}).metrics[0].value) << "unknown is not zero";
  t.mode = kube::ConsumeMode::pop;
  EXPECT_EQ(value(trigger_value(t, {r})), 8) << "a broker that does not tell it leaves it out of the lag";
}

TEST(TriggerValue, GivenSeveralTopicsThenWhatTheyShareCountsOnceABroker) {
  auto t = trigger();
  t.topics = {"orders", "bills"};
  t.include_delayed = true;
  auto orders = reading(10);
  orders.retry = 7;  // 2 of POP for this topic
  orders.group_retries = {{"a", {5, 4}}};
  orders.retry_ready = 6;
  orders.delayed = 0;
  orders.delayed_retry = 3;
  orders.group_delayed = {{"a", 3}};
  orders.in_flight = orders.ready = 0;
  auto bills = orders;
  bills.topic = "bills";
  bills.retry = 6;
  bills.group_retries = {{"a", {5, 4}}, {"b", {1, 1}}};  // on another broker too
  bills.retry_ready = 5;
  bills.delayed_retry = 4;
  bills.group_delayed = {{"a", 3}, {"b", 1}};
  EXPECT_EQ(value(trigger_value(t, {orders, bills})), 10 + 7 + 3 + 10 + 1 + 1);
  EXPECT_EQ(value(trigger_value(t, {bills, orders})), 10 + 6 + 4 + 10 + 2);
  t.include_in_flight = false;
  EXPECT_EQ(value(trigger_value(t, {orders, bills})), 0 + 6 + 3 + 0 + 1 + 1);
  t.include_in_flight = true;
  bills.lag.reset();
  bills.queues.clear();
  t.activation_lag_threshold = 10 + 7 + 3 + 1 + 1;
  EXPECT_FALSE(trigger_value(t, {orders, bills}).active.has_value()) << "not surely more";
  --t.activation_lag_threshold;
  EXPECT_EQ(trigger_value(t, {orders, bills}).active, true);
}

TEST(TriggerValue, GivenRetriesInFlightThenTheyAreLeftOutWithTheOthers) {
  auto t = trigger();
  auto r = reading(0);
  r.in_flight = 0;
  r.retry = 2;
  EXPECT_EQ(value(trigger_value(t, {r})), 2);
  t.include_in_flight = false;
  EXPECT_EQ(value(trigger_value(t, {r})), 2) << "the broker does not tell";
  r.retry_ready = 1;
  const auto one = trigger_value(t, {r});
  EXPECT_EQ(value(one), 1);
  EXPECT_EQ(one.metrics[0].why_counted, "1 more wait for a retry (includeRetry: \"false\" leaves them out)");
  r.retry_ready = 0;
  EXPECT_EQ(value(trigger_value(t, {r})), 0);
  EXPECT_EQ(trigger_value(t, {r}).active, false);
  r.lag.reset();
  EXPECT_FALSE(trigger_value(t, {r}).active.has_value());
  t.include_in_flight = true;
  EXPECT_EQ(trigger_value(t, {r}).active, true) << "2 are retried, whatever the rest is";
}

TEST(TriggerValue, GivenMessagesDoneBehindOneInWorkThenTheyAreNoReasonForAJob) {
  auto t = trigger();
  t.mode = kube::ConsumeMode::pop;
  t.include_in_flight = false;
  auto r = reading(8);  // the offset stays at the first message, which is in work; the seven behind it are done
  r.in_flight = 1;
  r.ready = 0;
  EXPECT_EQ(value(trigger_value(t, {r})), 0);
  r.lag = 10;
  r.ready = 2;
  const auto two = trigger_value(t, {r});
  EXPECT_EQ(value(two), 2);
  EXPECT_EQ(two.metrics[0].why_counted, "without 8 taken (includeInFlight: \"false\")");
}

TEST(TriggerValue, GivenClassicConsumersThenNoMoreReplicasThanQueuesAreAskedFor) {
  auto t = trigger();
  EXPECT_EQ(value(trigger_value(t, {reading(10'000)})), 400) << "4 queues of 100 each";
  t.limit_to_queues_with_lag = true;
  EXPECT_EQ(value(trigger_value(t, {reading(10'000)})), 100);
  t.allow_idle_consumers = true;
  EXPECT_EQ(value(trigger_value(t, {reading(10'000)})), 10'000);
}

// Lags of four queues; a group that has committed, at threshold 100.
lag::LagReading queues_of(std::vector<std::int64_t> lags) {
  auto r = reading(0, lags.size());
  r.lag = 0;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    r.queues[i].lag = lags[i];
    *r.lag += lags[i];
  }
  return r;
}

TEST(TriggerValue, GivenEvenDistributionThenReplicasAreADivisorOfTheQueues) {
  auto t = trigger();
  t.ensure_even_distribution_of_queues = true;
  const struct {
    std::int64_t lag;
    double counted;
  } rows[] = {{0, 0}, {1, 100}, {100, 100}, {101, 200}, {201, 300}, {301, 600}, {601, 600}, {9'999, 600}};
  for (const auto& row : rows) {
    auto r = reading(row.lag, 6);
    EXPECT_EQ(value(trigger_value(t, {r})), row.counted) << row.lag;
    EXPECT_EQ(trigger_value(t, {r}).active, row.lag > 0);
  }
  // consumers that may idle are still spread evenly, as in KEDA's Kafka scaler
  t.allow_idle_consumers = true;
  EXPECT_EQ(value(trigger_value(t, {reading(9'999, 6)})), 600);
}

TEST(TriggerValue, GivenPersistentLagThenItDoesNotCountButActivates) {
  auto t = trigger();
  auto r = queues_of({50, 30, 0, 0});
  r.queues[0].persistent = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 80) << "not asked for";
  t.exclude_persistent_lag = true;
  const auto without = trigger_value(t, {r});
  EXPECT_EQ(value(without), 30);
  EXPECT_EQ(without.metrics[0].measured, 80);
  EXPECT_EQ(without.metrics[0].why_counted,
            "without 50 of 1 queue where no offset is committed any more (excludePersistentLag: \"true\")");
  r.queues[1].persistent = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 0);
  EXPECT_EQ(trigger_value(t, {r}).active, true);
}

TEST(TriggerValue, GivenQueuesWithoutACommitThenThePolicySaysWhatTheyCount) {
  auto t = trigger();
  auto r = queues_of({50, 30, 0, 0});
  r.queues[0].never_committed = r.queues[2].never_committed = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 80) << "earliest: the whole backlog";
  t.scale_to_zero_on_invalid_offset = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 30);

  t.offset_reset_policy = kube::OffsetResetPolicy::latest;
  auto fresh = queues_of({0, 0, 0, 0});
  for (auto& q : fresh.queues) q.never_committed = true;
  EXPECT_EQ(value(trigger_value(t, {fresh})), 0);
  EXPECT_EQ(trigger_value(t, {fresh}).active, false);
  t.scale_to_zero_on_invalid_offset = false;
  EXPECT_EQ(value(trigger_value(t, {fresh})), 4) << "one a queue: a consumer must come and commit";
  EXPECT_EQ(trigger_value(t, {fresh}).active, true);
}

TEST(TriggerValue, GivenMessagesInFlightInAQueueThatIsLeftOutThenTheyAreLeftOutOnce) {
  auto t = trigger();
  t.include_in_flight = false;
  t.exclude_persistent_lag = true;
  auto r = queues_of({50, 30, 0, 0});
  r.in_flight = 25;
  r.queues[0].in_flight = 20;
  r.queues[1].in_flight = 5;
  r.queues[0].persistent = true;
  const auto stuck = trigger_value(t, {r});
  EXPECT_EQ(value(stuck), 25) << "30 of the other queue, without its 5 in flight";
  EXPECT_EQ(stuck.metrics[0].why_counted,
            "without 25 in flight (includeInFlight: \"false\"); without 30 of 1 queue where no offset is committed any "
            "more (excludePersistentLag: \"true\")");
  r.queues[0].persistent = false;
  r.queues[0].never_committed = true;
  t.scale_to_zero_on_invalid_offset = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 25);
  r.queues[0].in_flight = 50;
  r.in_flight = 55;
  EXPECT_EQ(trigger_value(t, {r}).active, true) << "the other queue's 25 wait";
}

TEST(NeedsOf, GivenATriggerThenOnlyWhatItsOptionsUseIsAskedFor) {
  auto t = trigger();
  t.mode = kube::ConsumeMode::classic;
  t.include_retry = false;
  const lag::LagNeeds least = needs_of(t);
  EXPECT_FALSE(least.age || least.retry || least.dead_letter || least.consumers || least.delayed);
  t.include_retry = true;
  EXPECT_TRUE(needs_of(t).retry);
  t.lag_seconds_threshold = 30;
  EXPECT_TRUE(needs_of(t).age);
  t.include_in_flight = false;
  EXPECT_TRUE(needs_of(t).consumers) << "what was fetched is nobody's once nobody is connected";
  t.include_in_flight = true;
  t.mode = kube::ConsumeMode::automatic;
  EXPECT_TRUE(needs_of(t).consumers);
  t.include_delayed = true;
  EXPECT_TRUE(needs_of(t).delayed && lag_queries(t)[0].needs.delayed);
}

TEST(LagQueries, GivenARocketmqNamespaceThenNamesCarryIt) {
  auto t = trigger();
  t.rocketmq_namespace = "MQ_INST_1";
  const auto queries = lag_queries(t);
  EXPECT_EQ(queries[0].topic, "MQ_INST_1%orders");
  EXPECT_EQ(queries[0].group, "MQ_INST_1%g");
}

TEST(TriggerValue, GivenALagThatCountsAsLessThenTheLagAndTheReasonTravelWithIt) {
  auto t = trigger();
  const auto plain = trigger_value(t, {reading(400)});
  EXPECT_FALSE(plain.metrics[0].measured);
  EXPECT_EQ(plain.metrics[0].why_counted, "");
  EXPECT_EQ(plain.metrics[0].why_short, "");

  auto only_retried = reading(0);
  only_retried.retry = 1;
  EXPECT_EQ(trigger_value(t, {only_retried}).metrics[0].why_short, "1 of it a retry");

  const auto capped = trigger_value(t, {reading(43'533)});
  EXPECT_EQ(capped.metrics[0].measured, 43'533);
  EXPECT_EQ(capped.metrics[0].why_short, "capped from 43,533");
  EXPECT_EQ(capped.metrics[0].why_counted,
            "4 queues x 100 (more consumers than queues would idle; allowIdleConsumers: \"true\", or mode: pop for a "
            "group that pops, "
            "lifts this)");

  t.limit_to_queues_with_lag = true;
  auto retried = reading(43'533);
  retried.retry = 7;
  const auto both = trigger_value(t, {retried});
  EXPECT_EQ(value(both), 100);
  EXPECT_EQ(both.metrics[0].measured, 43'533);
  EXPECT_EQ(both.metrics[0].why_short, "capped from 43,540");
  EXPECT_EQ(both.metrics[0].why_counted,
            "7 more wait for a retry (includeRetry: \"false\" leaves them out); 1 queue with a backlog x 100 "
            "(limitToQueuesWithLag: \"true\")");

  const auto two = trigger_value(t, {reading(10), reading(500)});
  EXPECT_EQ(value(two), 110);
  EXPECT_EQ(two.metrics[0].measured, 510);
  EXPECT_EQ(two.metrics[0].why_short, "capped from 510");
  EXPECT_TRUE(two.metrics[0].why_counted.starts_with("orders: 1 queue")) << two.metrics[0].why_counted;
}

TEST(TriggerValue, GivenAnActivationThresholdAboveTheLimitByQueuesThenALagBeyondItActivatesAllTheSame) {
  auto t = trigger();
  t.activation_lag_threshold = 1'000;  // 4 queues of 100 each
  EXPECT_EQ(trigger_value(t, {reading(1'000)}).active, false);
  const auto above = trigger_value(t, {reading(1'001)});
  EXPECT_EQ(above.active, true);
  EXPECT_EQ(value(above), 400);
}

TEST(TriggerValue, GivenPopThenThereIsNoCapByQueues) {
  auto t = trigger();
  auto r = reading(10'000);
  r.pop = true;
  EXPECT_EQ(value(trigger_value(t, {r})), 10'000);
  t.mode = kube::ConsumeMode::classic;
  EXPECT_EQ(value(trigger_value(t, {r})), 400);
  t.mode = kube::ConsumeMode::pop;
  r.pop = false;
  EXPECT_EQ(value(trigger_value(t, {r})), 10'000);
}

TEST(TriggerValue, GivenAThresholdInSecondsThenTheAgeIsASecondMetric) {
  auto t = trigger();
  t.lag_seconds_threshold = 30;
  auto old = reading(1);
  old.oldest_age_ms = 90'000;
  const auto both = trigger_value(t, {reading(1), old});
  ASSERT_EQ(both.metrics.size(), 2u);
  EXPECT_EQ(both.metrics[1].name, kLagSecondsMetric);
  EXPECT_EQ(value(both, 1), 90);
  old.oldest_age_ms.reset();
  EXPECT_FALSE(trigger_value(t, {old}).metrics[1].value);
}

}  // namespace
}  // namespace gantry::triggers
