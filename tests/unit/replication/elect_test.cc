// 1002 and the controller's own triggers: which election is held at all, and what becomes of the set.
#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using R = ElectionReason;

TEST(FirstElection, GivenNoMasterEverWhenABrokerAsksThenItIsMasterWithoutHeartbeats) {
  State state = three_registered();
  const Applied applied = state.apply(elect_of(R::broker_asked, 2, {}));
  EXPECT_EQ(applied.outcome.verdict, Verdict::success);
  EXPECT_EQ(applied.outcome.master_id, 2);
  EXPECT_EQ(applied.outcome.master_address, address(2));
  EXPECT_EQ(applied.outcome.master_epoch, 1);
  EXPECT_EQ(applied.outcome.sync_state_set_epoch, 1);
  EXPECT_THAT(applied.outcome.sync_state_set, ElementsAre(2));
  ASSERT_EQ(applied.outcome.members.size(), 3u);
  EXPECT_EQ(applied.outcome.members[2], (MemberAddress{3, address(3)}));
  ASSERT_TRUE(applied.role_changed);
  EXPECT_EQ(applied.role_changed->master_id, 2);
  EXPECT_EQ(applied.role_changed->cluster_name, "DefaultCluster");
  EXPECT_TRUE(applied.role_changed->record.first);
  EXPECT_FALSE(applied.role_changed->record.unclean);
  EXPECT_EQ(state.sets().at("broker-a").elections.size(), 1u);
}

struct FirstCase {
  std::string name;
  R reason;
  std::optional<std::int64_t> id;
  std::vector<BrokerFacts> facts;
  Verdict verdict;
  std::optional<std::int64_t> master;
};
class First : public ::testing::TestWithParam<FirstCase> {};
TEST_P(First, GivenNoMasterEverWhenAskedThenVerdict) {
  State state = three_registered();
  const State before = state;
  const FirstCase& c = GetParam();
  const Outcome outcome = state.apply(elect_of(c.reason, c.id, c.facts)).outcome;
  EXPECT_EQ(outcome.verdict, c.verdict) << outcome.remark;
  EXPECT_EQ(state.find("broker-a")->master_id, c.master);
  if (!c.master) {
    EXPECT_EQ(state, before);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, First,
    ::testing::Values(
        FirstCase{"designated_alive", R::operator_designated, 3, all_alive({3}), Verdict::success, 3},
        FirstCase{"designated_dead", R::operator_designated, 3, all_alive({1}), Verdict::elect_master_failed, {}},
        FirstCase{"designated_stranger", R::operator_designated, 9, all_alive({9}), Verdict::elect_master_failed, {}},
        FirstCase{"stranger_asks", R::broker_asked, 9, all_alive({9}), Verdict::broker_need_to_be_registered, {}},
        FirstCase{"operator_asks", R::operator_asked, {}, {alive(1, 0, 5), alive(2, 0, 7)}, Verdict::success, 2},
        FirstCase{"operator_asks_and_nobody_lives", R::operator_asked, {}, {}, Verdict::master_not_available, {}},
        FirstCase{"member_is_back", R::member_returned, {}, all_alive({2}), Verdict::success, 2},
        // the Java controller raises the epoch here, after which nobody can ever be elected
        FirstCase{"a_trigger_elects_nobody", R::silent, 1, all_alive({2, 3}), Verdict::master_not_available, {}},
        FirstCase{"a_closed_connection_elects_nobody",
                  R::connection_closed,
                  2,
                  all_alive({1, 3}),
                  Verdict::master_not_available,
                  {}}),
    [](const auto& info) { return info.param.name; });

struct ElectCase {
  std::string name;
  ElectMaster command;
  Verdict verdict;
  std::optional<std::int64_t> master = 1;
  std::int32_t master_epoch = 1;
  std::vector<std::int64_t> in_sync = {1, 2};
  std::int32_t sync_state_set_epoch = 2;
  std::string remark = "";
};
class Elect : public ::testing::TestWithParam<ElectCase> {};
TEST_P(Elect, GivenMasterOneAndTwoInSyncWhenAskedThenVerdict) {
  State state = three_with_master({1, 2});
  const State before = state;
  const ElectCase& c = GetParam();
  const Applied applied = state.apply(c.command);
  const Outcome& outcome = applied.outcome;
  EXPECT_EQ(outcome.verdict, c.verdict) << outcome.remark;
  EXPECT_THAT(outcome.remark, HasSubstr(c.remark));
  EXPECT_EQ(outcome.remark.empty(), c.verdict == Verdict::success);
  const ReplicaSet& set = *state.find("broker-a");
  EXPECT_EQ(set.master_id, c.master);
  EXPECT_EQ(set.master_epoch, c.master_epoch);
  EXPECT_EQ(set.sync_state_set, c.in_sync);
  EXPECT_EQ(set.sync_state_set_epoch, c.sync_state_set_epoch);
  const bool changed = c.master_epoch != 1;
  EXPECT_EQ(outcome.changed, changed);
  EXPECT_EQ(applied.role_changed.has_value(), changed);
  if (!changed) {
    EXPECT_EQ(state, before);
    return;
  }
  EXPECT_EQ(applied.role_changed->master_id, c.master);
  EXPECT_EQ(applied.role_changed->master_epoch, c.master_epoch);
  EXPECT_EQ(applied.role_changed->sync_state_set, c.in_sync);
  EXPECT_EQ(applied.role_changed->members.size(), 3u);
  EXPECT_EQ(set.elections.back().old_master, 1);
  EXPECT_EQ(set.elections.back().proposed_at_ms, kNow);
  EXPECT_EQ(set.candidates.size(), 3u);
}
ElectMaster changed(ElectMaster command, auto change) {
  change(command);
  return command;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Elect,
    ::testing::Values(
        ElectCase{"master_is_lost",
                  elect_of(R::connection_closed, 1, {dead(1), alive(2), alive(3, 9, 9)}),
                  Verdict::success,
                  2,
                  2,
                  {2},
                  3},
        ElectCase{"silent", elect_of(R::silent, 1, {alive(2)}), Verdict::success, 2, 2, {2}, 3},
        ElectCase{"expired", elect_of(R::expired, 1, {alive(2)}), Verdict::success, 2, 2, {2}, 3},
        ElectCase{"nobody_left",
                  elect_of(R::silent, 1, {dead(1), dead(2), alive(3)}),
                  Verdict::master_not_available,
                  {},
                  2,
                  {1, 2},
                  2,
                  "start one of them"},
        ElectCase{"nobody_left_but_unclean",
                  changed(elect_of(R::silent, 1, {alive(3)}), [](auto& c) { c.unclean_allowed = true; }),
                  Verdict::success,
                  3,
                  2,
                  {3},
                  3},
        ElectCase{.name = "a_slave_is_lost",
                  .command = elect_of(R::silent, 3, {alive(1), alive(2)}),
                  .verdict = Verdict::master_still_exist,
                  .remark = "1 is the master"},
        ElectCase{.name = "a_slave_is_lost_with_facts_of_nobody",
                  .command = elect_of(R::connection_closed, 2, {}),
                  .verdict = Verdict::master_still_exist},
        ElectCase{.name = "lost_but_alive_by_its_facts",
                  .command = elect_of(R::silent, 1, all_alive({1, 2})),
                  .verdict = Verdict::master_still_exist,
                  .remark = "it stays"},
        ElectCase{.name = "a_slave_asks",
                  .command = elect_of(R::broker_asked, 2, all_alive({1, 2, 3})),
                  .verdict = Verdict::master_still_exist},
        ElectCase{.name = "the_master_asks",
                  .command = elect_of(R::broker_asked, 1, all_alive({1, 2, 3})),
                  .verdict = Verdict::master_still_exist},
        ElectCase{"a_slave_asks_and_another_is_better",
                  elect_of(R::broker_asked, 3, {dead(1), alive(2), alive(3, 5, 5'000)}),
                  Verdict::success,
                  2,
                  2,
                  {2},
                  3},
        ElectCase{.name = "a_slave_asks_in_vain",
                  .command = elect_of(R::broker_asked, 3, all_alive({3})),
                  .verdict = Verdict::elect_master_failed,
                  .remark = "no member of the sync-state set [1, 2]"},
        ElectCase{.name = "a_stranger_asks",
                  .command = elect_of(R::broker_asked, 4, all_alive({4})),
                  .verdict = Verdict::broker_need_to_be_registered,
                  .remark = "broker 4"},
        ElectCase{"designated",
                  elect_of(R::operator_designated, 2, all_alive({1, 2, 3})),
                  Verdict::success,
                  2,
                  2,
                  {2},
                  3},
        ElectCase{.name = "designated_is_master",
                  .command = elect_of(R::operator_designated, 1, all_alive({1, 2, 3})),
                  .verdict = Verdict::master_still_exist},
        ElectCase{.name = "designated_is_behind",
                  .command = elect_of(R::operator_designated, 3, all_alive({1, 2, 3})),
                  .verdict = Verdict::elect_master_failed,
                  .remark = "not in the sync-state set [1, 2]"},
        ElectCase{.name = "designated_is_dead",
                  .command = elect_of(R::operator_designated, 2, all_alive({1})),
                  .verdict = Verdict::elect_master_failed,
                  .remark = "sends no heartbeats"},
        ElectCase{.name = "designated_is_dead_as_everybody",
                  .command = elect_of(R::operator_designated, 2, {}),
                  .verdict = Verdict::elect_master_failed,
                  .remark = "(none)"},
        ElectCase{.name = "designated_is_a_stranger",
                  .command = elect_of(R::operator_designated, -7, all_alive({1, 2, 3})),
                  .verdict = Verdict::elect_master_failed,
                  .remark = "broker -7 is not a member"},
        ElectCase{.name = "operator_asks_in_peace",
                  .command = elect_of(R::operator_asked, {}, all_alive({1, 2})),
                  .verdict = Verdict::master_still_exist},
        ElectCase{"operator_asks_without_a_live_master",
                  elect_of(R::operator_asked, {}, all_alive({2})),
                  Verdict::success,
                  2,
                  2,
                  {2},
                  3},
        ElectCase{"decided_on_this_epoch",
                  changed(elect_of(R::silent, 1, all_alive({2})), [](auto& c) { c.expected_master_epoch = 1; }),
                  Verdict::success,
                  2,
                  2,
                  {2},
                  3},
        ElectCase{
            .name = "decided_on_an_old_epoch",
            .command = changed(elect_of(R::silent, 1, all_alive({2})), [](auto& c) { c.expected_master_epoch = 0; }),
            .verdict = Verdict::fenced_master_epoch,
            .remark = "is at 1 now"},
        ElectCase{
            .name = "no_broker_id", .command = elect_of(R::broker_asked, {}, {}), .verdict = Verdict::invalid_request},
        ElectCase{.name = "designated_without_id",
                  .command = elect_of(R::operator_designated, {}, {}),
                  .verdict = Verdict::invalid_request},
        ElectCase{
            .name = "lost_without_id", .command = elect_of(R::silent, {}, {}), .verdict = Verdict::invalid_request},
        ElectCase{.name = "a_reason_that_is_none",
                  .command = elect_of(static_cast<R>(200), 1, {}),
                  .verdict = Verdict::invalid_request},
        ElectCase{.name = "a_reason_of_records_only",
                  .command = elect_of(R::imported, 1, {}),
                  .verdict = Verdict::invalid_request},
        ElectCase{.name = "too_many_facts",
                  .command = elect_of(R::silent, 1, std::vector(1'000, alive(2))),
                  .verdict = Verdict::invalid_request},
        ElectCase{.name = "another_cluster",
                  .command = changed(elect_of(R::silent, 1, all_alive({2})), [](auto& c) { c.cluster_name = "other"; }),
                  .verdict = Verdict::invalid_request,
                  .remark = "belongs to cluster DefaultCluster"}),
    [](const auto& info) { return info.param.name; });

TEST(Election, GivenUnknownSetWhenAskedThenMustRegister) {
  State state;
  EXPECT_EQ(state.apply(elect_of(R::broker_asked, 1, all_alive({1}))).outcome.verdict,
            Verdict::broker_need_to_be_registered);
  EXPECT_EQ(state, State());
}

TEST(Election, GivenNoClusterNameWhenTriggeredThenHeld) {
  State state = three_with_master({1, 2});
  ElectMaster command = elect_of(R::silent, 1, all_alive({2}));
  command.cluster_name.clear();
  EXPECT_EQ(state.apply(command).outcome.verdict, Verdict::success);
}

TEST(ElectionThatFindsNobody, GivenADeadSetWhenTriggeredAgainAndAgainThenOneEpoch) {
  State state = three_with_master({1, 2});
  EXPECT_TRUE(state.apply(elect_of(R::silent, 1, {})).outcome.changed);
  const State cleared = state;
  for (const R reason :
       {R::silent, R::connection_closed, R::expired, R::member_returned, R::operator_asked, R::silent}) {
    const Applied applied = state.apply(elect_of(reason, 1, all_alive({3})));
    EXPECT_EQ(applied.outcome.verdict, Verdict::master_not_available);
    EXPECT_FALSE(applied.outcome.changed);
    EXPECT_FALSE(applied.role_changed);
  }
  EXPECT_EQ(state, cleared);
  EXPECT_EQ(state.find("broker-a")->master_epoch, 2);
}

TEST(ElectionThatFindsNobody, GivenMembersComeBackWhenElectedThenPreviousMasterIsPreferredOnEqualData) {
  State state = three_with_master({1, 2});
  accept(state, elect_of(R::operator_designated, 2, all_alive({1, 2, 3})));
  accept(state, AlterSyncStateSet{"broker-a", 2, 2, 3, {1, 2}, all_alive({1, 2})});
  (void)state.apply(elect_of(R::silent, 2, {}));
  ASSERT_FALSE(state.find("broker-a")->master_id);
  const Applied applied = state.apply(elect_of(R::member_returned, {}, all_alive({1, 2})));
  EXPECT_EQ(applied.outcome.master_id, 2);
  EXPECT_EQ(applied.outcome.master_epoch, 4);
  EXPECT_EQ(applied.role_changed->record.old_master, std::nullopt);
}

TEST(ElectionAtTheEndOfEpochs, GivenTheHighestEpochWhenMasterIsLostThenRefusedAndUnchanged) {
  for (const bool of_master : {true, false}) {
    State::Sets sets = three_with_master({1, 2}).sets();
    (of_master ? sets.at("broker-a").master_epoch : sets.at("broker-a").sync_state_set_epoch) = kEpochMax;
    State state = *State::restore(sets, {});
    const State before = state;
    EXPECT_EQ(state.apply(elect_of(R::silent, 1, all_alive({2}))).outcome.verdict, Verdict::invalid_request);
    EXPECT_EQ(state, before);
  }
}

TEST(ElectionHistory, GivenManyElectionsWhenExplainedThenTheNewestEightAndTheNewestInFull) {
  State state = three_with_master({1, 2, 3});
  std::int64_t master = 1;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t next = master % 3 + 1;
    ElectMaster command =
        elect_of(R::operator_designated, next, {alive(1, 4, 1'000), alive(2, 4, 2'000), alive(3, 4, 3'000, 7)});
    accept(state, command);
    const ReplicaSet& set = *state.find("broker-a");
    accept(state, AlterSyncStateSet{
                      "broker-a", next, set.master_epoch, set.sync_state_set_epoch, {1, 2, 3}, all_alive({1, 2, 3})});
    master = next;
  }
  const ReplicaSet& set = *state.find("broker-a");
  EXPECT_EQ(set.elections.size(), kElectionsKept);
  EXPECT_EQ(set.elections.back().master_epoch, 21);
  EXPECT_EQ(set.elections.front().master_epoch, 14);
  EXPECT_THAT(explain(set), ElementsAre("master 3 (epoch 21) instead of 2: designated by an operator",
                                        "  1: another one was asked for (in sync, epoch 4, offset 1,000)",
                                        "  2: another one was asked for (in sync, epoch 4, offset 2,000)",
                                        "  3: elected (in sync, epoch 4, offset 3,000, priority 7)",
                                        "before: master 2 (epoch 20) instead of 1: designated by an operator",
                                        "before: master 1 (epoch 19) instead of 3: designated by an operator",
                                        "before: master 3 (epoch 18) instead of 2: designated by an operator",
                                        "before: master 2 (epoch 17) instead of 1: designated by an operator",
                                        "before: master 1 (epoch 16) instead of 3: designated by an operator",
                                        "before: master 3 (epoch 15) instead of 2: designated by an operator",
                                        "before: master 2 (epoch 14) instead of 1: designated by an operator"));
}

TEST(ElectionHistory, GivenNoElectionWhenExplainedThenSaysSo) {
  EXPECT_THAT(explain(*three_registered().find("broker-a")), ElementsAre(HasSubstr("never had a master")));
}

TEST(ElectionHistory, GivenNobodyWasFoundWhenExplainedThenSaysWhy) {
  State state = three_with_master({1, 2});
  (void)state.apply(elect_of(R::connection_closed, 1, {dead(1, -1, -1), alive(3)}));
  EXPECT_THAT(
      explain(*state.find("broker-a")),
      ElementsAre("no master (epoch 2) instead of 1: the connection of the master closed; no live broker is in sync",
                  "  1: not alive (in sync, epoch unknown, offset unknown)",
                  "  2: not alive (in sync, epoch unknown, offset unknown)",
                  "  3: not in sync (not in sync, epoch 1, offset 100)",
                  "before: master 1 (epoch 1): a broker asked, the first master of the set"));
}

TEST(ElectionHistory, GivenUncleanElectionWhenExplainedThenSaysThatMessagesMayBeLost) {
  State state = three_with_master({1, 2});
  ElectMaster command = elect_of(R::silent, 1, all_alive({3}));
  command.unclean_allowed = true;
  accept(state, command);
  EXPECT_TRUE(state.find("broker-a")->elections.back().unclean);
  EXPECT_THAT(explain(*state.find("broker-a")).front(), HasSubstr("messages may be lost"));
}

TEST(ElectionWords, GivenEveryValueWhenNamedThenNoneIsUnknown) {
  for (int i = 1; i <= 10; ++i) {
    EXPECT_NE(to_string(static_cast<R>(i)), "unknown");
    EXPECT_NE(to_string(static_cast<CandidateVerdict>(i)), "unknown");
    EXPECT_THAT(line_of(ElectionRecord{.reason = static_cast<R>(i)}), ::testing::Not(HasSubstr("unknown reason")));
    EXPECT_THAT(line_of(Candidate{.verdict = static_cast<CandidateVerdict>(i)}),
                ::testing::Not(HasSubstr(": unknown (")));
  }
  for (int i = 0; i <= static_cast<int>(Verdict::broker_live_info_not_exists); ++i) {
    EXPECT_NE(to_string(static_cast<Verdict>(i)), "unknown");
  }
  EXPECT_EQ(to_string(static_cast<Verdict>(250)), "unknown");
  EXPECT_EQ(to_string(static_cast<R>(0)), "unknown");
  EXPECT_EQ(to_string(static_cast<CandidateVerdict>(0)), "unknown");
}

}  // namespace
}  // namespace gantry::replication::testing
