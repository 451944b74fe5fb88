#include "up/phase.h"

#include <gtest/gtest.h>

namespace gantry::up {
namespace {

Situation situation(std::int64_t lag, std::int32_t replicas, std::int32_t at_rest = 0) {
  Situation now;
  now.lag = lag;
  now.replicas = replicas;
  now.replicas_at_rest = at_rest;
  return now;
}

Situation with_burst(std::int64_t lag, std::int32_t replicas, std::int64_t sent, bool over = false) {
  Situation now = situation(lag, replicas);
  now.burst = BurstSituation{.total = 3'000, .sent = sent, .begun = sent > 0, .over = over};
  return now;
}

TEST(Phase, GivenASituationThenTheSentenceIsTrueOfWhatItCounts) {
  Situation two_groups = situation(1'301, 1);
  two_groups.groups = 2;
  Situation failing = with_burst(5, 2, 3'000);
  failing.failing_workers = "2 of 2 replicas fail";
  Situation unknown = failing;
  unknown.lag_unknown = "broker-a: refused";
  Situation unsent = with_burst(0, 0, 7);
  unsent.burst->error = "the disk is full";
  Situation doubtful = with_burst(0, 0, 3'000);
  doubtful.burst->doubts = "3 were lost";
  Situation strangers = situation(301, 4);
  strangers.missing_consumers = "4 replicas run, but none is a consumer of group billers";
  Situation retried = situation(0, 6);
  retried.retry = 2;
  Situation burst_retried = with_burst(0, 6, 3'000);
  burst_retried.retry = 2;
  Situation all_gone_but_retried = with_burst(0, 0, 3'000);
  all_gone_but_retried.retry = 2;
  Situation retried_after = with_burst(0, 2, 3'000, true);
  retried_after.retry = 2;
  const struct {
    Situation now;
    const char* text;
  } cases[] = {
      {retried, "no other messages wait, messages that failed are tried again"},
      {burst_retried, "the burst of 3,000 is sent; messages that failed are tried again"},
      {all_gone_but_retried, "the burst of 3,000 is sent; messages that failed are tried again"},
      {retried_after, "no other messages wait, messages that failed are tried again"},
      {situation(0, 0), "no messages wait; replicas start when some come"},
      {situation(0, 1, 1), "no messages wait; more replicas start when some come"},
      {situation(0, 2), "no messages wait, 2 replicas are about to go"},
      {situation(0, 1), "no messages wait, 1 replica is about to go"},
      {situation(0, 2, 1), "no messages wait, 1 of 2 replicas is about to go"},
      {situation(1, 0), "1 message waits for a first replica"},
      {situation(1, 1), "1 message waits, 1 replica works on it"},
      {two_groups, "1,301 messages wait in 2 groups, 1 replica works on them"},
      {strangers, "301 messages wait; 4 replicas run, but none is a consumer of group billers"},
      {with_burst(0, 0, 0), "a burst of 3,000 messages is about to be sent"},
      {with_burst(40, 1, 1'040), "a burst of 3,000 messages is being sent: 1,040 so far"},
      {with_burst(976, 4, 3'000), "the burst of 3,000 is sent; 976 messages wait, 4 replicas work on them"},
      {with_burst(0, 4, 3'000), "the burst of 3,000 is absorbed, 4 replicas are about to go"},
      {with_burst(976, 4, 3'000, true), "976 messages wait, 4 replicas work on them"},
      {with_burst(0, 4, 3'000, true), "no messages wait, 4 replicas are about to go"},
      {with_burst(0, 0, 3'000), "done: the burst of 3,000 is consumed, replicas are back at 0"},
      {doubtful, "done: of the burst of 3,000 messages 3 were lost; replicas are back at 0"},
      {unsent, "the burst waits: the disk is full"},
      {failing, "2 of 2 replicas fail"},
      {unknown, "the lag is unknown: broker-a: refused"},
  };
  for (const auto& c : cases) EXPECT_EQ(phase_text(c.now), c.text);
}

TEST(Phase, GivenReplicasThatAreNoConsumersThenThatIsSaidOnceTheyHadTimeToJoin) {
  const GroupAtWork idle{.lag = 301, .consumers = 0, .running = 4, .longest_run_s = 11, .standstill_s = 11};
  EXPECT_EQ(missing_consumers_text("billers", idle), "4 replicas run, but none is a consumer of group billers");
  GroupAtWork one = idle;
  one.running = 1;
  EXPECT_EQ(missing_consumers_text("billers", one), "1 replica runs, but it is no consumer of group billers");
  const auto excused = [&](auto change) {
    GroupAtWork other = idle;
    change(other);
    return missing_consumers_text("billers", other).empty();
  };
  EXPECT_TRUE(excused([](auto& g) { g.longest_run_s = 9; })) << "a start takes time";
  EXPECT_TRUE(excused([](auto& g) { g.standstill_s = 9; })) << "somebody consumes";
  EXPECT_TRUE(excused([](auto& g) { g.consumers = 1; }));
  EXPECT_TRUE(excused([](auto& g) { g.consumers.reset(); })) << "unknown is not zero";
  EXPECT_TRUE(excused([](auto& g) { g.pop = true; })) << "POP consumers need not be members";
  EXPECT_TRUE(excused([](auto& g) { g.lag = 0; }));
  EXPECT_TRUE(excused([](auto& g) { g.lag.reset(); }));
  EXPECT_TRUE(excused([](auto& g) { g.running = 0; }));
}

}  // namespace
}  // namespace gantry::up
