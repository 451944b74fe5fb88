#include "up/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json_text.h"
#include "up/delivery_tally.h"
#include "up/witness.h"

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
  lost.deliveries = Deliveries{.lost = 3};
  Evidence half_sent;
  half_sent.burst_complete = false;
  Evidence one_at_rest;
  one_at_rest.replicas_at_rest = 1;
  Sample retried = sample(1, 0, 0);
  retried.retry = 2;
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
      {{sample(0, 500, 4), retried}, {}, "are left to be tried again"},
      {good, lost, "of the messages 3 were lost"},
      {{sample(0, 500, 4), sample(1, 1, 0)}, {}, "1 message is left"},
      {{sample(0, 500, 4), sample(1, 0, 1)}, {}, "1 replica is left"},
      {good, half_sent, "whole burst"},
  };
  for (const auto& c : cases) {
    const Verdict verdict = judge(history(c.samples), c.evidence);
    EXPECT_FALSE(verdict.ok);
    EXPECT_THAT(verdict.reason, HasSubstr(c.reason));
  }
}

TEST(Verdict, GivenWorkersThatFailOrAnInterruptionThenTheReasonSaysSo) {
  Evidence failing;
  failing.replicas_at_work = true;
  failing.failing_workers = "6 of 6 replicas fail; w-0: ./w.sh could not be started";
  EXPECT_EQ(judge(history({sample(0, 500, 0), sample(1, 500, 0)}), failing).reason,
            "replicas never rose above 0; 6 of 6 replicas fail; w-0: ./w.sh could not be started");
  failing.failing_workers.clear();
  EXPECT_EQ(judge(history({sample(0, 500, 2), sample(1, 0, 0)}), failing).reason,
            "replicas that do not run are left at the end");
  Evidence interrupted;
  interrupted.interrupted = true;
  EXPECT_EQ(judge(history({sample(0, 500, 4), sample(7, 300, 4)}), interrupted).reason,
            "interrupted after 7 s: 300 messages are left at the end");
  EXPECT_TRUE(judge(history({sample(0, 500, 4), sample(7, 0, 0)}), interrupted).ok);
}

TEST(Report, GivenUnknownValuesThenTheyAreNullInJson) {
  const History h = history({sample(1.5, std::nullopt, 2)});
  const auto json = boost::json::value(to_json(h, judge(h, {})));
  EXPECT_EQ(
      json_text(json.at("samples")),
      R"([{"t_s":1.5,"lag":null,"in_flight":null,"oldest_age_ms":null,"replicas":2,"incoming":null,"sent":null,"consumed":null}])");
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

TEST(Verdict, GivenMessagesWhoseEndIsUnknownThenNoneOfThemIsCalledLostAndTheReasonSaysSo) {
  Evidence evidence;
  evidence.deliveries = Deliveries{.unacknowledged = 2, .out_of_sight = 5, .duplicated = 1};
  const History absorbed = history({sample(0, 500, 4), sample(1, 0, 0)});
  const Verdict verdict = judge(absorbed, evidence);
  EXPECT_TRUE(verdict.ok);
  EXPECT_EQ(verdict.lost, 0);
  EXPECT_EQ(verdict.unknown, 7);
  EXPECT_THAT(verdict.reason, HasSubstr("2 were handled by a worker that never learned"));
  EXPECT_THAT(verdict.reason, HasSubstr("5 have no known end"));
  EXPECT_EQ(boost::json::value(to_json(absorbed, verdict)).at("verdict").at("unknown"), 7);
}

TEST(Verdict, GivenMessagesThatStillWaitThenWhatIsMissingIsNotCalledLost) {
  Evidence evidence;
  evidence.deliveries = Deliveries{.lost = 400};
  for (const std::optional<std::int64_t> lag : {std::optional<std::int64_t>(400), std::optional<std::int64_t>()}) {
    const Verdict verdict = judge(history({sample(0, 500, 4), sample(1, lag, 0)}), evidence);
    EXPECT_FALSE(verdict.ok);
    EXPECT_EQ(verdict.lost, std::nullopt);
    EXPECT_THAT(verdict.reason, testing::Not(HasSubstr("lost")));
  }
}

std::string line_of(int number, const std::string& status = "CONSUME_SUCCESS") {
  return R"({"msg_id":"A","key":"orders-1-)" + std::to_string(number) + R"(","status":")" + status + R"("})";
}

TEST(DeliveryTally, GivenWorkersLinesThenLossAndDuplicatesAreCountedByKey) {
  DeliveryTally tally("orders-1-", 4);
  for (int i = 0; i < 3; ++i) tally.sent(i);
  EXPECT_FALSE(tally.any_seen());
  EXPECT_EQ(tally.deliveries().lost, 0);  // nobody prints what it handles: nothing is known
  tally.worker_line("g", line_of(0));
  tally.worker_line("g", line_of(0));
  tally.worker_line("g", line_of(1));
  for (const char* other :
       {"", "consumed 12 (3/s)", R"({"key":"orders-2-1"})", R"({"key":"orders-1-x"})", R"({"key":"orders-1-99"})",
        R"({"key":"orders-1--2"})", R"({"key":"orders-1-2)", R"("key":"orders-1-2")"}) {
    tally.worker_line("g", other);
  }
  EXPECT_EQ(tally.deliveries().duplicated, 1);
  EXPECT_EQ(tally.deliveries().lost, 1);
  EXPECT_EQ(tally.key_of(7), "orders-1-7");
  tally.sent(99);
  EXPECT_EQ(tally.deliveries().lost, 1);
}

TEST(DeliveryTally, GivenAnAcknowledgementThatIsNotKnownThenTheMessageIsNeitherLostNorWell) {
  DeliveryTally tally("orders-1-", 3);
  for (int i = 0; i < 3; ++i) tally.sent(i);
  tally.worker_line("g", line_of(0, "ACK_UNKNOWN"));
  tally.worker_line("g", line_of(1, "ACK_UNKNOWN"));
  tally.worker_line("g", line_of(1));  // it came again, and was acknowledged then
  EXPECT_EQ(tally.deliveries().unacknowledged, 1);
  EXPECT_EQ(tally.deliveries().duplicated, 1);
  EXPECT_EQ(tally.deliveries().lost, 1);  // the third
}

TEST(DeliveryTally, GivenAWorkerThatWasKilledThenWhatItMayHaveHandledIsNotCalledLost) {
  DeliveryTally tally("orders-1-", 5);
  tally.worker_line("g", line_of(4));
  tally.sent(0);
  tally.offered(1);  // the broker has it; the generator does not know yet
  tally.out_of_sight("g");
  tally.sent(1);
  tally.sent(2);  // the killed worker cannot have had it
  EXPECT_EQ(tally.deliveries().out_of_sight, 2);
  EXPECT_EQ(tally.deliveries().lost, 1);
  tally.worker_line("g", line_of(0));
  EXPECT_EQ(tally.deliveries().out_of_sight, 1);
  EXPECT_EQ(tally.deliveries().unacknowledged, 0);
}

TEST(DeliveryTally, GivenTwoGroupsThenEachGetsEveryMessageAndThatIsNoDuplicate) {
  DeliveryTally tally("orders-1-", 2);
  for (int i = 0; i < 2; ++i) tally.sent(i);
  tally.worker_line("billing", line_of(0));
  tally.worker_line("billing", line_of(1));
  tally.worker_line("shipping", line_of(0));
  tally.worker_line("shipping", line_of(0));
  tally.out_of_sight("silent");  // whose workers print nothing: nothing is said of it
  EXPECT_EQ(tally.deliveries().duplicated, 1);
  EXPECT_EQ(tally.deliveries().lost, 1);  // message 1, to shipping
  EXPECT_EQ(tally.deliveries().out_of_sight, 0);
  tally.out_of_sight("shipping");
  EXPECT_EQ(tally.deliveries().lost, 0);
  EXPECT_EQ(tally.deliveries().out_of_sight, 1);
}

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    tally->sent(0);
    tally->sent(1);
    tally->worker_line("g", line_of(0));
  }
  // Whether the other message may have been handled unseen when a worker ends like that.
  bool in_doubt_after(const workload::Exit& exit, const std::string& program) {
    auto fresh = std::make_shared<DeliveryTally>(*tally);
    kube::Deployment deployment;
    deployment.pod.local_command = {program};
    workload::DeploymentOptions options;
    Witness(fresh).watch("g", deployment.pod, options);
    options.on_end("worker-0", exit);
    return fresh->deliveries().out_of_sight == 1;
  }
  std::shared_ptr<DeliveryTally> tally = std::make_shared<DeliveryTally>("orders-1-", 2);
};

TEST_F(WitnessTest, GivenTheEndOfAWorkerThenItIsKnownWhetherItHasSaidAll) {
  const struct {
    const char* program;
    workload::Exit exit;
    bool in_doubt;
  } cases[] = {
      {"gantry", {.code = 0, .signal = {}, .start_error = ""}, false},
      {"gantry", {.code = 1, .signal = {}, .start_error = ""}, false},
      {"gantry", {.code = 130, .signal = {}, .start_error = ""}, true},
      {"gantry", {.code = {}, .signal = 9, .start_error = ""}, true},
      {"gantry", {.code = {}, .signal = {}, .start_error = "could not be started"}, false},
      {"java", {.code = 0, .signal = {}, .start_error = ""}, false},
      {"java", {.code = 1, .signal = {}, .start_error = ""}, true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(in_doubt_after(c.exit, c.program), c.in_doubt) << c.program << to_string(c.exit);
}

TEST_F(WitnessTest, GivenMoreConsumersThanOurProcessesTwiceThenAStrangerMayHaveHandledWhatIsMissing) {
  Witness witness(tally);
  witness.count("g", 2, 2);
  witness.count("g", 1, 2);  // one has just ended
  witness.count("g", 1, 1);
  witness.count("g", 1, 2);  // one has just begun
  witness.count("g", 2, 2);
  EXPECT_EQ(tally->deliveries().lost, 1);
  witness.count("g", 2, 3);
  witness.count("g", 2, 3);
  EXPECT_EQ(tally->deliveries().lost, 0);
  EXPECT_EQ(tally->deliveries().out_of_sight, 1);
}

}  // namespace
}  // namespace gantry::up
