// Taking sets over from another controller.
#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::HasSubstr;

ImportReplicaSet import_of() {
  return {.cluster_name = "DefaultCluster",
          .broker_name = "broker-a",
          .next_broker_id = 13,
          .master_id = 2,
          .master_epoch = 7,
          .sync_state_set_epoch = 19,
          .sync_state_set = {3, 2},
          .members = {{3, address(3), ""}, {1, address(1), ""}, {2, address(2), ""}},
          .proposed_at_ms = kNow};
}

TEST(Import, GivenASetOfAnotherControllerWhenImportedThenItGoesOnFromThere) {
  State state;
  const Applied applied = state.apply(import_of());
  EXPECT_EQ(applied.outcome.verdict, Verdict::success) << applied.outcome.remark;
  EXPECT_TRUE(applied.outcome.changed);
  EXPECT_FALSE(applied.role_changed);
  EXPECT_EQ(applied.outcome.master_id, 2);
  EXPECT_EQ(applied.outcome.master_epoch, 7);
  EXPECT_EQ(state.next_broker_id("DefaultCluster", "broker-a").next_broker_id, 13);
  EXPECT_THAT(explain(*state.find("broker-a")).front(), HasSubstr("taken over from another controller"));
  const Outcome elected = state.apply(elect_of(ElectionReason::silent, 2, all_alive({1, 3}))).outcome;
  EXPECT_EQ(elected.master_id, 3);
  EXPECT_EQ(elected.master_epoch, 8);
  EXPECT_EQ(elected.sync_state_set_epoch, 20);
}

TEST(Import, GivenTheSameSetWhenImportedAgainThenNothingHappens) {
  State state;
  accept(state, import_of());
  const State before = state;
  EXPECT_FALSE(state.apply(import_of()).outcome.changed);
  EXPECT_EQ(state, before);
  ImportReplicaSet other = import_of();
  other.master_epoch = 8;
  EXPECT_EQ(state.apply(other).outcome.verdict, Verdict::invalid_request);
  EXPECT_EQ(state, before);
}

TEST(Import, GivenAMemberWithoutCheckCodeWhenItAppliesFromItsAddressThenItsCodeIsKept) {
  State state;
  accept(state, import_of());
  ApplyBrokerId wrong = apply_id(2);
  wrong.check_code = check_code(9);
  EXPECT_EQ(state.apply(wrong).outcome.verdict, Verdict::broker_id_invalid);
  accept(state, apply_id(2));
  EXPECT_EQ(state.find("broker-a")->member(2)->check_code, check_code(2));
  wrong.check_code = address(2) + ";1";
  EXPECT_EQ(state.apply(wrong).outcome.verdict, Verdict::broker_id_invalid);
}

TEST(Import, GivenACleanedSetOfThatNameWhenImportedThenIdsAndEpochsOnlyGrow) {
  State state;
  accept(state, import_of());
  accept(state, CleanBrokerData{.cluster_name = "", .broker_name = "broker-a", .broker_ids = {}, .facts = {}});
  ImportReplicaSet again = import_of();
  again.next_broker_id = 4;
  accept(state, again);
  const ReplicaSet& set = *state.find("broker-a");
  EXPECT_EQ(set.next_broker_id, 13);
  EXPECT_EQ(set.master_epoch, 8);
  EXPECT_EQ(set.sync_state_set_epoch, 20);
  EXPECT_TRUE(state.retired().empty());
}

struct ImportCase {
  std::string name;
  void (*change)(ImportReplicaSet&);
  std::string remark;
};
class ImportRefused : public ::testing::TestWithParam<ImportCase> {};
TEST_P(ImportRefused, GivenASetThatCannotBeWhenImportedThenRefused) {
  ImportReplicaSet command = import_of();
  GetParam().change(command);
  State state;
  const Outcome outcome = state.apply(command).outcome;
  EXPECT_EQ(outcome.verdict, Verdict::invalid_request);
  EXPECT_THAT(outcome.remark, HasSubstr(GetParam().remark));
  EXPECT_EQ(state, State());
}
INSTANTIATE_TEST_SUITE_P(
    Table, ImportRefused,
    ::testing::Values(
        ImportCase{"no_members", [](auto& c) { c.members.clear(); }, "no members"},
        ImportCase{"member_twice", [](auto& c) { c.members.push_back(c.members[0]); }, "twice"},
        ImportCase{"huge", [](auto& c) { c.members.resize(10'000); }, "at most 32"},
        ImportCase{"huge_sync_state_set", [](auto& c) { c.sync_state_set.resize(10'000); }, "send fewer"},
        ImportCase{"id_zero", [](auto& c) { c.members[0].broker_id = 0; }, "broker id 0"},
        ImportCase{"id_negative", [](auto& c) { c.members[0].broker_id = -3; }, "broker id -3"},
        ImportCase{"id_huge", [](auto& c) { c.members[0].broker_id = kBrokerIdMax; }, "out of range"},
        ImportCase{"next_id_is_taken", [](auto& c) { c.next_broker_id = 3; }, "next broker id 3"},
        ImportCase{"next_id_huge", [](auto& c) { c.next_broker_id = kBrokerIdMax + 1; }, "next broker id"},
        ImportCase{"master_is_a_stranger", [](auto& c) { c.master_id = 9; }, "master 9"},
        ImportCase{"master_out_of_sync", [](auto& c) { c.master_id = 1; }, "master 1"},
        ImportCase{"master_without_epoch", [](auto& c) { c.master_epoch = 0; }, "no master epoch"},
        ImportCase{"stranger_in_sync", [](auto& c) { c.sync_state_set.push_back(9); }, "broker 9"},
        ImportCase{"negative_epoch", [](auto& c) { c.master_epoch = -1; }, "negative"},
        ImportCase{"epoch_at_the_end", [](auto& c) { c.master_epoch = kEpochMax; }, "too few"},
        ImportCase{"sync_state_set_epoch_at_the_end", [](auto& c) { c.sync_state_set_epoch = kEpochMax; }, "too few"},
        ImportCase{"no_name", [](auto& c) { c.broker_name = ""; }, "brokerName"},
        ImportCase{"no_cluster", [](auto& c) { c.cluster_name = ""; }, "cluster"},
        ImportCase{"no_address", [](auto& c) { c.members[1].address = ""; }, "address of broker 1"},
        ImportCase{"control_character", [](auto& c) { c.members[1].check_code = "\x01"; }, "check code of broker 1"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::replication::testing
