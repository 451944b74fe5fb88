// 1013, 1012 and 1003: ids are given once, and everybody is found where they say.
#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Outcome next(const State& state, std::string_view cluster = "DefaultCluster", std::string_view name = "broker-a") {
  return state.next_broker_id(cluster, name);
}
auto changed_to(auto command, auto change) {
  change(command);
  return command;
}

TEST(ApplyBrokerIdOf, GivenAnEmptyControllerWhenBrokersApplyThenIdsFromOne) {
  State state;
  EXPECT_EQ(next(state).next_broker_id, 1);
  for (const std::int64_t id : {1, 2, 3}) {
    EXPECT_EQ(next(state).next_broker_id, id);
    const Outcome outcome = state.apply(apply_id(id)).outcome;
    EXPECT_EQ(outcome.verdict, Verdict::success);
    EXPECT_TRUE(outcome.changed);
  }
  EXPECT_EQ(next(state).next_broker_id, 4);
  const ReplicaSet& set = *state.find("broker-a");
  EXPECT_EQ(set.members[1], (Member{2, address(2), check_code(2)}));
  EXPECT_EQ(set.master_id, std::nullopt);
  EXPECT_EQ(set.master_epoch, 0);
  EXPECT_THAT(set.sync_state_set, ElementsAre());
}

struct ApplyCase {
  std::string name;
  ApplyBrokerId command;
  Verdict verdict;
  std::string remark = "";
};
class Apply : public ::testing::TestWithParam<ApplyCase> {};
TEST_P(Apply, GivenThreeMembersWhenAnIdIsAppliedThenVerdict) {
  State state = three_registered();
  const State before = state;
  const ApplyCase& c = GetParam();
  const Outcome outcome = state.apply(c.command).outcome;
  EXPECT_EQ(outcome.verdict, c.verdict) << outcome.remark;
  EXPECT_THAT(outcome.remark, HasSubstr(c.remark));
  EXPECT_EQ(outcome.changed, !(state == before));
  if (c.verdict != Verdict::success) {
    EXPECT_EQ(state, before);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table, Apply,
    ::testing::Values(
        ApplyCase{"the_next", apply_id(4), Verdict::success}, ApplyCase{"its_own_again", apply_id(2), Verdict::success},
        ApplyCase{"of_another_broker", changed_to(apply_id(2), [](auto& c) { c.check_code = check_code(9); }),
                  Verdict::broker_id_invalid, "next id, which is 4"},
        ApplyCase{"same_address_another_time",
                  changed_to(apply_id(2), [](auto& c) { c.check_code = address(2) + ";7"; }),
                  Verdict::broker_id_invalid, "belongs to the broker at " + address(2)},
        ApplyCase{"beyond_the_next", apply_id(5), Verdict::broker_id_invalid, "next id, which is 4"},
        ApplyCase{"zero", apply_id(0), Verdict::broker_id_invalid},
        ApplyCase{"negative", apply_id(-1), Verdict::broker_id_invalid},
        ApplyCase{"huge", apply_id(std::numeric_limits<std::int64_t>::max()), Verdict::broker_id_invalid},
        ApplyCase{"first_of_a_new_set", apply_id(1, "broker-b"), Verdict::success},
        ApplyCase{"second_of_a_new_set", apply_id(2, "broker-b"), Verdict::broker_id_invalid, "which is 1"},
        ApplyCase{"another_cluster", changed_to(apply_id(4), [](auto& c) { c.cluster_name = "other"; }),
                  Verdict::invalid_request, "belongs to cluster DefaultCluster"},
        ApplyCase{"no_cluster", changed_to(apply_id(4), [](auto& c) { c.cluster_name = ""; }), Verdict::invalid_request,
                  "clusterName"},
        ApplyCase{"no_name", apply_id(1, ""), Verdict::invalid_request, "brokerName"},
        ApplyCase{"long_name", apply_id(1, std::string(kNameBytesMax + 1, 'a')), Verdict::invalid_request, "255"},
        ApplyCase{"longest_name", apply_id(1, std::string(kNameBytesMax, 'a')), Verdict::success},
        ApplyCase{"name_with_newline", apply_id(1, "broker\nb"), Verdict::invalid_request},
        ApplyCase{"name_that_is_no_utf8", apply_id(1, "broker\xff"), Verdict::invalid_request},
        ApplyCase{"name_with_a_surrogate", apply_id(1, "broker\xed\xa0\x80"), Verdict::invalid_request},
        ApplyCase{"name_with_overlong_slash", apply_id(1, "broker\xc0\xaf"), Verdict::invalid_request},
        ApplyCase{"name_in_any_script", apply_id(1, "\xe4\xb8\xad\xe6\x96\x87-\xf0\x9f\x98\x80-\xc3\xa9"),
                  Verdict::success},
        ApplyCase{"cut_character", apply_id(1, "\xe4\xb8"), Verdict::invalid_request},
        ApplyCase{"no_check_code", changed_to(apply_id(4), [](auto& c) { c.check_code = ""; }),
                  Verdict::invalid_request, "registerCheckCode"},
        ApplyCase{"no_address", changed_to(apply_id(4), [](auto& c) { c.check_code = ";123"; }),
                  Verdict::invalid_request},
        ApplyCase{"no_time", changed_to(apply_id(4), [](auto& c) { c.check_code = "10.0.0.4:10911"; }),
                  Verdict::success},
        ApplyCase{"long_check_code",
                  changed_to(apply_id(4), [](auto& c) { c.check_code = "a;" + std::string(kCheckCodeBytesMax, '1'); }),
                  Verdict::invalid_request},
        ApplyCase{
            "long_address",
            changed_to(apply_id(4), [](auto& c) { c.check_code = std::string(kAddressBytesMax + 1, 'a') + ";1"; }),
            Verdict::invalid_request}),
    [](const auto& info) { return info.param.name; });

TEST(ApplyBrokerIdOf, GivenAnIdWasTakenWhenTheSlowerOneAsksAgainThenItGetsTheNext) {
  State state = three_registered();
  const std::int64_t both = next(state).next_broker_id;
  accept(state, apply_id(both));
  ApplyBrokerId slower = apply_id(both);
  slower.check_code = check_code(77);
  EXPECT_EQ(state.apply(slower).outcome.verdict, Verdict::broker_id_invalid);
  slower.broker_id = next(state).next_broker_id;
  EXPECT_EQ(slower.broker_id, both + 1);
  accept(state, slower);
}

TEST(ApplyBrokerIdOf, GivenAsManyMembersAsThereCanBeWhenOneMoreThenRefusedUntilOneIsCleaned) {
  State state;
  for (std::int64_t id = 1; id <= static_cast<std::int64_t>(kMembersMax); ++id) accept(state, apply_id(id));
  EXPECT_EQ(state.apply(apply_id(33)).outcome.verdict, Verdict::invalid_request);
  accept(state, CleanBrokerData{.cluster_name = "", .broker_name = "broker-a", .broker_ids = {5}, .facts = {}});
  accept(state, apply_id(33));
}

TEST(ApplyBrokerIdOf, GivenTheLastIdWhenAppliedThenRefused) {
  State::Sets sets = three_registered().sets();
  sets.at("broker-a").next_broker_id = kBrokerIdMax;
  State state = *State::restore(sets, {});
  EXPECT_EQ(state.apply(apply_id(kBrokerIdMax)).outcome.verdict, Verdict::broker_id_invalid);
}

TEST(NextBrokerId, GivenAnotherClustersNameWhenAskedThenInvalidRequest) {
  const State state = three_registered();
  EXPECT_EQ(next(state, "other").verdict, Verdict::invalid_request);
  EXPECT_EQ(next(state, "").next_broker_id, 4);
  EXPECT_EQ(next(state, "DefaultCluster", "").verdict, Verdict::invalid_request);
}

RegisterBroker register_of(std::int64_t id, std::vector<BrokerFacts> facts = all_alive({1})) {
  return {.cluster_name = "DefaultCluster",
          .broker_name = "broker-a",
          .broker_id = id,
          .address = address(id),
          .facts = std::move(facts),
          .heartbeat_address = "",
          .proposed_at_ms = kNow};
}

TEST(Register, GivenALiveMasterWhenRegisteredThenNamedAndNothingChanges) {
  State state = three_with_master({1, 2});
  const State before = state;
  const Outcome outcome = state.apply(register_of(2)).outcome;
  EXPECT_EQ(outcome.verdict, Verdict::success);
  EXPECT_FALSE(outcome.changed);
  EXPECT_EQ(outcome.master_id, 1);
  EXPECT_EQ(outcome.master_address, address(1));
  EXPECT_EQ(outcome.master_epoch, 1);
  EXPECT_EQ(outcome.sync_state_set_epoch, 2);
  EXPECT_THAT(outcome.sync_state_set, ElementsAre(1, 2));
  EXPECT_EQ(state, before);
}

TEST(Register, GivenAMasterThatIsNotAliveWhenRegisteredThenNotNamed) {
  State state = three_with_master({1, 2});
  const Outcome outcome = state.apply(register_of(2, all_alive({2}))).outcome;
  EXPECT_EQ(outcome.verdict, Verdict::success);
  EXPECT_EQ(outcome.master_id, std::nullopt);
  EXPECT_EQ(outcome.master_address, "");
  EXPECT_EQ(outcome.sync_state_set_epoch, 2);
}

TEST(Register, GivenASlaveMovedWhenRegisteredThenFoundThere) {
  State state = three_with_master({1, 2});
  const Applied applied = state.apply(changed_to(register_of(2), [](auto& c) { c.address = "10.9.9.9:1"; }));
  EXPECT_TRUE(applied.outcome.changed);
  EXPECT_FALSE(applied.role_changed);
  EXPECT_EQ(state.find("broker-a")->address_of(2), "10.9.9.9:1");
  EXPECT_EQ(state.find("broker-a")->member(2)->check_code, check_code(2));
}

TEST(Register, GivenTheMasterMovedWhenRegisteredThenNoMasterUntilAnElection) {
  State state = three_with_master({1, 2});
  const Applied applied = state.apply(changed_to(register_of(1), [](auto& c) { c.address = "10.9.9.9:1"; }));
  EXPECT_EQ(applied.outcome.verdict, Verdict::success);
  EXPECT_EQ(applied.outcome.master_id, std::nullopt);
  ASSERT_TRUE(applied.role_changed);
  EXPECT_EQ(applied.role_changed->master_id, std::nullopt);
  EXPECT_EQ(applied.role_changed->master_epoch, 2);
  EXPECT_EQ(applied.role_changed->record.reason, ElectionReason::address_changed);
  EXPECT_THAT(explain(*state.find("broker-a")).front(), HasSubstr("started anew under another address"));
  const Applied elected =
      state.apply(elect_of(ElectionReason::member_returned, {}, {alive(1, 1, 50), alive(2, 1, 60)}));
  EXPECT_EQ(elected.outcome.master_id, 2);
}

struct RegisterCase {
  std::string name;
  RegisterBroker command;
  Verdict verdict;
  std::string remark;
};
class RegisterRefused : public ::testing::TestWithParam<RegisterCase> {};
TEST_P(RegisterRefused, GivenMasterOneWhenRegisteredThenRefusedAndUnchanged) {
  State state = three_with_master({1, 2});
  const State before = state;
  const Outcome outcome = state.apply(GetParam().command).outcome;
  EXPECT_EQ(outcome.verdict, GetParam().verdict);
  EXPECT_THAT(outcome.remark, HasSubstr(GetParam().remark));
  EXPECT_EQ(state, before);
}
INSTANTIATE_TEST_SUITE_P(
    Table, RegisterRefused,
    ::testing::Values(
        RegisterCase{"unknown_set", changed_to(register_of(1), [](auto& c) { c.broker_name = "broker-b"; }),
                     Verdict::broker_need_to_be_registered, "storePathBrokerIdentity"},
        RegisterCase{"unknown_id", register_of(4), Verdict::broker_need_to_be_registered, "broker 4 is not a member"},
        RegisterCase{"negative_id", register_of(-4), Verdict::broker_need_to_be_registered, "broker -4"},
        RegisterCase{"another_cluster", changed_to(register_of(1), [](auto& c) { c.cluster_name = "other"; }),
                     Verdict::invalid_request, "belongs to cluster"},
        RegisterCase{"no_address", changed_to(register_of(1), [](auto& c) { c.address = ""; }),
                     Verdict::invalid_request, "brokerAddress"},
        RegisterCase{"long_address", changed_to(register_of(1), [](auto& c) { c.address.assign(1'000, 'a'); }),
                     Verdict::invalid_request, "280"},
        RegisterCase{"no_name", changed_to(register_of(1), [](auto& c) { c.broker_name = ""; }),
                     Verdict::invalid_request, "brokerName"},
        RegisterCase{"too_many_facts", register_of(1, std::vector(65, alive(1))), Verdict::invalid_request, "65"},
        RegisterCase{"id_in_use_elsewhere",
                     changed_to(register_of(2),
                                [](auto& c) {
                                  c.address = "10.9.9.9:1";
                                  c.heartbeat_address = address(2);
                                }),
                     Verdict::broker_id_invalid, "is alive at " + address(2)}),
    [](const auto& info) { return info.param.name; });

TEST(ReplicaInfo, GivenSetsWhenAskedThenMasterOrCode) {
  const State state = three_with_master({1, 2});
  const Outcome known = state.replica_info("broker-a");
  EXPECT_EQ(known.verdict, Verdict::success);
  EXPECT_EQ(known.master_id, 1);
  EXPECT_THAT(known.sync_state_set, ElementsAre(1, 2));
  const Outcome unknown = state.replica_info("broker-b");
  EXPECT_EQ(unknown.verdict, Verdict::broker_metadata_not_exist);
  EXPECT_THAT(unknown.remark, HasSubstr("must apply for an id"));
  EXPECT_EQ(state.replica_info("").verdict, Verdict::invalid_request);
}

}  // namespace
}  // namespace gantry::replication::testing
