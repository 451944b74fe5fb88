#include "up/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "up/delivery_tally.h"

namespace gantry::up {
namespace {

using testing::HasSubstr;

Sample sample(double t_s, std::optional<std::int64_t> lag, std::int32_t replicas) {
  Sample s;
  s.t_s = t_s;
  s.lag = lag;
  s.replicas = replicas;
  return s;
}

History history(std::vector<Sample> samples) {
  History h;
  for (const Sample& s : samples) h.add(s);
  return h;
}

TEST(Verdict, GivenABurstThatWasAbsorbedThenItIsOk) {
  const Verdict verdict = judge(history({sample(0, 0, 0), sample(1, 500, 4), sample(2, 0, 4), sample(3, 0, 0)}), {});
  EXPECT_TRUE(verdict.ok) << verdict.reason;
  EXPECT_EQ(verdict.max_lag, 500);
  EXPECT_EQ(verdict.max_replicas, 4);
  EXPECT_EQ(verdict.final_lag, 0);
  EXPECT_EQ(verdict.final_replicas, 0);
}

TEST(Verdict, GivenAnyPartMissingThenItIsNotOkAndSaysWhy) {
  Evidence lost;
  lost.lost = 3;
  Evidence half_sent;
  half_sent.burst_complete = false;
  Evidence one_at_rest;
  one_at_rest.replicas_at_rest = 1;
  const std::vector<Sample> good = {sample(0, 500, 4), sample(1, 0, 0)};
  const struct {
    std::vector<Sample> samples;
    Evidence evidence;
    const char* reason;
  } cases[] = {
      {{}, {}, "nothing was measured"},
      {{sample(0, std::nullopt, 4), sample(1, std::nullopt, 0)}, {}, "never known"},
      {{sample(0, 0, 4), sample(1, 0, 0)}, {}, "no backlog"},
      {{sample(0, 500, 0), sample(1, 0, 0)}, {}, "never rose above 0"},
      {{sample(0, 500, 1), sample(1, 0, 1)}, one_at_rest, "never rose above 1"},
      {{sample(0, 500, 4), sample(1, std::nullopt, 0)}, {}, "unknown at the end"},
      {{sample(0, 500, 4), sample(1, 7, 0)}, {}, "7 messages are left"},
      {{sample(0, 500, 4), sample(1, 0, 2)}, {}, "2 replicas are left"},
      {good, lost, "3 messages were lost"},
      {good, half_sent, "whole burst"},
  };
  for (const auto& c : cases) {
    const Verdict verdict = judge(history(c.samples), c.evidence);
    EXPECT_FALSE(verdict.ok);
    EXPECT_THAT(verdict.reason, HasSubstr(c.reason));
  }
}

TEST(Report, GivenUnknownValuesThenTheyAreNullInJson) {
  const History h = history({sample(1.5, std::nullopt, 2)});
  const auto json = boost::json::value(to_json(h, judge(h, {})));
  EXPECT_EQ(
      boost::json::serialize(json.at("samples")),
      R"([{"t_s":1.5E0,"lag":null,"in_flight":null,"oldest_age_ms":null,"replicas":2,"sent":null,"consumed":null}])");
  EXPECT_EQ(json.at("verdict").at("ok"), false);
  EXPECT_TRUE(json.at("verdict").at("lost").is_null());
}

TEST(History, GivenALongRunThenItStaysBoundedAndKeepsExtremesAndTheRecentPart) {
  History h;
  for (int i = 0; i < 100'000; ++i) h.add(sample(i, i == 5 ? 9'999 : 1, i == 7 ? 50 : 1));
  EXPECT_LE(h.samples().size(), History::kSamplesMax);
  EXPECT_EQ(h.max_lag(), 9'999);
  EXPECT_EQ(h.max_replicas(), 50);
  EXPECT_EQ(h.samples().back().t_s, 99'999);
  EXPECT_EQ(h.samples()[h.samples().size() - 2].t_s, 99'998);
  EXPECT_EQ(h.samples().front().t_s, 0);
}

TEST(DeliveryTally, GivenWorkersLinesThenLossAndDuplicatesAreCountedByKey) {
  DeliveryTally tally("orders-1-", 4);
  for (int i = 0; i < 3; ++i) tally.sent(i);
  EXPECT_FALSE(tally.any_seen());
  EXPECT_EQ(tally.lost(), 3);
  tally.worker_line(R"({"msg_id":"A","key":"orders-1-0","status":"ok"})");
  tally.worker_line(R"({"msg_id":"A","key":"orders-1-0","status":"ok"})");
  tally.worker_line(R"({"msg_id":"B","key":"orders-1-1","status":"ok"})");
  for (const char* other : {"", "consumed 12 (3/s)", R"({"key":"orders-2-1"})", R"({"key":"orders-1-x"})",
                            R"({"key":"orders-1-99"})", R"({"key":"orders-1-2)", R"("key":"orders-1-2")"}) {
    tally.worker_line(other);
  }
  EXPECT_EQ(tally.seen(), 2);
  EXPECT_EQ(tally.duplicated(), 1);
  EXPECT_EQ(tally.lost(), 1);
  EXPECT_EQ(tally.key_of(7), "orders-1-7");
  tally.sent(99);
  EXPECT_EQ(tally.lost(), 1);
}

}  // namespace
}  // namespace gantry::up
