// 1001, each answer that it can have. The set: master 1 at epoch 1, sync-state set {1, 2} at epoch 2.
#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::HasSubstr;

struct AlterCase {
  std::string name;
  AlterSyncStateSet command;
  Verdict verdict;
  std::string remark;
};

class Alter : public ::testing::TestWithParam<AlterCase> {};

TEST_P(Alter, GivenMasterOneWhenProposedThenVerdict) {
  State state = three_with_master({1, 2});
  const State before = state;
  const AlterCase& c = GetParam();
  const Outcome outcome = state.apply(c.command).outcome;
  EXPECT_EQ(outcome.verdict, c.verdict) << outcome.remark;
  EXPECT_THAT(outcome.remark, HasSubstr(c.remark));
  EXPECT_EQ(outcome.changed, c.verdict == Verdict::success);
  if (c.verdict != Verdict::success) {
    EXPECT_EQ(state, before);
    EXPECT_FALSE(outcome.remark.empty());
    return;
  }
  EXPECT_EQ(outcome.sync_state_set_epoch, 3);
  EXPECT_EQ(outcome.master_epoch, 1);
  EXPECT_EQ(outcome.sync_state_set, state.find("broker-a")->sync_state_set);
}

AlterSyncStateSet proposal(std::vector<std::int64_t> ids) {
  return {.broker_name = "broker-a",
          .master_id = 1,
          .master_epoch = 1,
          .sync_state_set_epoch = 2,
          .sync_state_set = std::move(ids),
          .facts = all_alive({1, 2, 3})};
}
AlterSyncStateSet with(AlterSyncStateSet command, auto change) {
  change(command);
  return command;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Alter,
    ::testing::Values(
        AlterCase{"grows", proposal({1, 2, 3}), Verdict::success, ""},
        AlterCase{"shrinks", proposal({1}), Verdict::success, ""},
        AlterCase{"any_order_and_doubles", proposal({3, 1, 3, 2, 1}), Verdict::success, ""},
        AlterCase{"unknown_set", with(proposal({1}), [](auto& c) { c.broker_name = "broker-b"; }),
                  Verdict::alter_sync_state_set_failed, "broker-b is not known"},
        AlterCase{"empty_name", with(proposal({1}), [](auto& c) { c.broker_name = ""; }), Verdict::invalid_request,
                  "brokerName"},
        AlterCase{"the_same_again", proposal({2, 1}), Verdict::alter_sync_state_set_failed, "already [1, 2]"},
        AlterCase{"the_same_is_said_before_a_stale_epoch", with(proposal({2, 1}), [](auto& c) { c.master_epoch = 9; }),
                  Verdict::alter_sync_state_set_failed, "already"},
        AlterCase{"not_the_master", with(proposal({1}), [](auto& c) { c.master_id = 2; }), Verdict::invalid_master,
                  "which is 1"},
        AlterCase{"old_master_epoch", with(proposal({1}), [](auto& c) { c.master_epoch = 0; }),
                  Verdict::fenced_master_epoch, "which is 1"},
        AlterCase{"newer_master_epoch", with(proposal({1}), [](auto& c) { c.master_epoch = 2; }),
                  Verdict::fenced_master_epoch, "which is 1"},
        AlterCase{"old_sync_state_set_epoch", with(proposal({1}), [](auto& c) { c.sync_state_set_epoch = 1; }),
                  Verdict::fenced_sync_state_set_epoch, "which is 2"},
        AlterCase{"unknown_member", proposal({1, 4}), Verdict::invalid_replicas, "broker 4"},
        AlterCase{"negative_member", proposal({-1, 1}), Verdict::invalid_replicas, "broker -1"},
        AlterCase{"dead_member", with(proposal({1, 2, 3}), [](auto& c) { c.facts = all_alive({1, 2}); }),
                  Verdict::broker_not_alive, "broker 3"},
        AlterCase{"dead_master", with(proposal({1}), [](auto& c) { c.facts = all_alive({2}); }),
                  Verdict::broker_not_alive, "broker 1"},
        AlterCase{"without_the_master", proposal({2, 3}), Verdict::alter_sync_state_set_failed,
                  "leaves out its master 1"},
        AlterCase{"empty", proposal({}), Verdict::alter_sync_state_set_failed, "leaves out its master 1"},
        AlterCase{"huge", proposal(std::vector<std::int64_t>(100'000, 1)), Verdict::invalid_request, "send fewer"},
        AlterCase{"huge_facts", with(proposal({1}), [](auto& c) { c.facts.assign(100'000, alive(1)); }),
                  Verdict::invalid_request, "more than 64"}),
    [](const auto& info) { return info.param.name; });

TEST(AlterWithoutMaster, GivenNoMasterWhenTheLastOneProposesThenInvalidMaster) {
  State state = three_with_master({1, 2});
  ASSERT_EQ(state.apply(elect_of(ElectionReason::silent, 1, {})).outcome.verdict, Verdict::master_not_available);
  const Outcome outcome = state.apply(with(proposal({1}), [](auto& c) { c.master_epoch = 2; })).outcome;
  EXPECT_EQ(outcome.verdict, Verdict::invalid_master);
  EXPECT_THAT(outcome.remark, HasSubstr("which is nobody"));
}

TEST(AlterAtTheEndOfEpochs, GivenTheHighestEpochWhenProposedThenRefusedAndUnchanged) {
  State::Sets sets = three_with_master({1, 2}).sets();
  sets.at("broker-a").sync_state_set_epoch = kEpochMax;
  State state = *State::restore(sets, {});
  const Outcome outcome = state.apply(with(proposal({1}), [](auto& c) { c.sync_state_set_epoch = kEpochMax; })).outcome;
  EXPECT_EQ(outcome.verdict, Verdict::invalid_request);
  EXPECT_EQ(state.find("broker-a")->sync_state_set_epoch, kEpochMax);
  EXPECT_EQ(state.find("broker-a")->sync_state_set, (std::vector<std::int64_t>{1, 2}));
}

}  // namespace
}  // namespace gantry::replication::testing
