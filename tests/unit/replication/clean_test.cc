// 1011: what leaves the controller's memory, what may not, and what is remembered of it.
#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CleanBrokerData clean_of(std::vector<std::int64_t> ids, std::vector<BrokerFacts> facts = {}, bool living = false) {
  return {.cluster_name = "DefaultCluster",
          .broker_name = "broker-a",
          .broker_ids = std::move(ids),
          .clean_living_broker = living,
          .facts = std::move(facts),
          .proposed_at_ms = kNow};
}

struct CleanCase {
  std::string name;
  CleanBrokerData command;
  Verdict verdict = Verdict::success;
  std::string remark = "";
  std::vector<std::int64_t> members = {1, 2, 3};  // after it; empty: the set is gone
  std::vector<std::int64_t> in_sync = {1, 2};
  std::int32_t sync_state_set_epoch = 2;
  std::optional<std::int64_t> master = 1;
  std::int32_t master_epoch = 1;
};
class Clean : public ::testing::TestWithParam<CleanCase> {};
TEST_P(Clean, GivenMasterOneAndTwoInSyncWhenCleanedThenRest) {
  State state = three_with_master({1, 2});
  const State before = state;
  const CleanCase& c = GetParam();
  const Applied applied = state.apply(c.command);
  EXPECT_EQ(applied.outcome.verdict, c.verdict) << applied.outcome.remark;
  EXPECT_THAT(applied.outcome.remark, HasSubstr(c.remark));
  EXPECT_EQ(applied.outcome.changed, !(state == before));
  const ReplicaSet* set = state.find("broker-a");
  ASSERT_EQ(set == nullptr, c.members.empty());
  if (set == nullptr) return;
  std::vector<std::int64_t> members;
  for (const Member& member : set->members) members.push_back(member.broker_id);
  EXPECT_EQ(members, c.members);
  EXPECT_EQ(set->sync_state_set, c.in_sync);
  EXPECT_EQ(set->sync_state_set_epoch, c.sync_state_set_epoch);
  EXPECT_EQ(set->master_id, c.master);
  EXPECT_EQ(set->master_epoch, c.master_epoch);
  EXPECT_EQ(set->next_broker_id, 4);
  EXPECT_EQ(applied.role_changed.has_value(), c.master_epoch != 1);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Clean,
    ::testing::Values(
        CleanCase{.name = "out_of_sync", .command = clean_of({3}, all_alive({1, 2})), .members = {1, 2}},
        CleanCase{.name = "in_sync",
                  .command = clean_of({2}, all_alive({1, 3})),
                  .members = {1, 3},
                  .in_sync = {1},
                  .sync_state_set_epoch = 3},
        CleanCase{.name = "the_master",
                  .command = clean_of({1}, all_alive({2, 3})),
                  .members = {2, 3},
                  .in_sync = {2},
                  .sync_state_set_epoch = 3,
                  .master = {},
                  .master_epoch = 2},
        CleanCase{.name = "alive",
                  .command = clean_of({2}, all_alive({2})),
                  .verdict = Verdict::invalid_clean_broker_metadata,
                  .remark = "broker 2 of broker-a is still alive"},
        CleanCase{.name = "alive_by_force",
                  .command = clean_of({2}, all_alive({2}), true),
                  .members = {1, 3},
                  .in_sync = {1},
                  .sync_state_set_epoch = 3},
        CleanCase{.name = "the_master_by_force",
                  .command = clean_of({1}, all_alive({1, 2}), true),
                  .members = {2, 3},
                  .in_sync = {2},
                  .sync_state_set_epoch = 3,
                  .master = {},
                  .master_epoch = 2},
        CleanCase{.name = "everybody_in_sync",
                  .command = clean_of({1, 2}),
                  .verdict = Verdict::invalid_clean_broker_metadata,
                  .remark = "first elect another master"},
        CleanCase{.name = "everybody_in_sync_by_force",
                  .command = clean_of({2, 1}, {}, true),
                  .verdict = Verdict::invalid_clean_broker_metadata,
                  .remark = "first elect another master"},
        CleanCase{.name = "all_by_name", .command = clean_of({3, 2, 1}), .members = {}},
        CleanCase{.name = "whole_set", .command = clean_of({}), .members = {}},
        CleanCase{.name = "whole_set_with_a_live_slave",
                  .command = clean_of({}, all_alive({3})),
                  .verdict = Verdict::invalid_clean_broker_metadata,
                  .remark = "broker 3"},
        CleanCase{.name = "whole_set_by_force", .command = clean_of({}, all_alive({1, 2, 3}), true), .members = {}},
        CleanCase{.name = "strangers_only", .command = clean_of({7, -1}, all_alive({7}))},
        CleanCase{.name = "strangers_and_doubles", .command = clean_of({3, 7, 3, 3}), .members = {1, 2}},
        CleanCase{.name = "too_many",
                  .command = clean_of(std::vector<std::int64_t>(65, 3)),
                  .verdict = Verdict::invalid_request}),
    [](const auto& info) { return info.param.name; });

TEST(CleanOf, GivenUnknownSetOrClusterWhenCleanedThenRefused) {
  State state = three_with_master({1, 2});
  CleanBrokerData command = clean_of({3});
  command.broker_name = "broker-b";
  EXPECT_EQ(state.apply(command).outcome.verdict, Verdict::invalid_clean_broker_metadata);
  command = clean_of({3});
  command.cluster_name = "other";
  EXPECT_EQ(state.apply(command).outcome.verdict, Verdict::invalid_request);
  command.cluster_name = "";  // mqadmin may leave it out with -l
  EXPECT_EQ(state.apply(command).outcome.verdict, Verdict::success);
}

TEST(CleanOf, GivenACleanedMemberWhenItsIdIsAppliedAgainThenRefusedAndTheNextIsFree) {
  State state = three_registered();
  accept(state, clean_of({3}));
  EXPECT_EQ(state.apply(apply_id(3)).outcome.verdict, Verdict::broker_id_invalid);
  accept(state, apply_id(4));
}

TEST(CleanOf, GivenACleanedMasterWhenElectedThenTheOneInSync) {
  State state = three_with_master({1, 2});
  const Applied cleaned = state.apply(clean_of({1}, all_alive({2, 3})));
  EXPECT_EQ(cleaned.role_changed->record.reason, ElectionReason::master_cleaned);
  EXPECT_EQ(cleaned.role_changed->members.size(), 2u);
  const Applied elected = state.apply(elect_of(ElectionReason::member_returned, {}, all_alive({1, 2, 3})));
  EXPECT_EQ(elected.outcome.master_id, 2);
  EXPECT_EQ(elected.outcome.master_epoch, 3);
}

TEST(CleanOf, GivenACleanedSetWhenItComesBackThenIdsAndEpochsGoOn) {
  State state = three_with_master({1, 2});
  accept(state, clean_of({}));
  EXPECT_EQ(state.replica_info("broker-a").verdict, Verdict::broker_metadata_not_exist);
  EXPECT_EQ(state.next_broker_id("AnyCluster", "broker-a").next_broker_id, 4);
  EXPECT_EQ(state.apply(apply_id(1)).outcome.verdict, Verdict::broker_id_invalid);
  accept(state, apply_id(4));
  EXPECT_TRUE(state.retired().empty());
  const Outcome elected = state.apply(elect_of(ElectionReason::broker_asked, 4, {})).outcome;
  EXPECT_EQ(elected.master_id, 4);
  EXPECT_EQ(elected.master_epoch, 2);
  EXPECT_EQ(elected.sync_state_set_epoch, 3);
}

TEST(CleanOf, GivenMoreCleanedSetsThanAreRememberedWhenOneMoreThenTheOldestIsForgotten) {
  State::Retired retired;
  for (std::uint64_t i = 0; i < kRetiredSetsMax; ++i) {
    retired["set-" + std::to_string(i)] = {.next_broker_id = 9, .order = kRetiredSetsMax - i};
  }
  State state = *State::restore(three_registered().sets(), retired);
  accept(state, clean_of({}));
  EXPECT_EQ(state.retired().size(), kRetiredSetsMax);
  EXPECT_FALSE(state.retired().contains("set-" + std::to_string(kRetiredSetsMax - 1)));
  EXPECT_EQ(state.retired().at("broker-a").order, kRetiredSetsMax + 1);
}

TEST(CleanOf, GivenTheHighestEpochWhenTheMasterIsCleanedThenRefusedAndUnchanged) {
  for (const bool of_master : {true, false}) {
    State::Sets sets = three_with_master({1, 2}).sets();
    (of_master ? sets.at("broker-a").master_epoch : sets.at("broker-a").sync_state_set_epoch) = kEpochMax;
    State state = *State::restore(sets, {});
    const State before = state;
    EXPECT_EQ(state.apply(clean_of({1})).outcome.verdict, Verdict::invalid_request);
    EXPECT_EQ(state, before);
  }
}

}  // namespace
}  // namespace gantry::replication::testing
