// What is refused before it is proposed: the same that State::apply refuses.
#include "replication/malformed.h"

#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::HasSubstr;

struct MalformedCase {
  std::string name;
  Command command;
  std::string remark;  // empty: not malformed
};
class Malformed : public ::testing::TestWithParam<MalformedCase> {};

TEST_P(Malformed, GivenACommandWhenCheckedThenRefusedAsApplyDoes) {
  const MalformedCase& c = GetParam();
  const auto refused = refuse_malformed(c.command);
  ASSERT_EQ(refused.has_value(), !c.remark.empty()) << (refused ? refused->remark : "");
  if (!refused) return;
  EXPECT_EQ(refused->verdict, Verdict::invalid_request);
  EXPECT_THAT(refused->remark, HasSubstr(c.remark));
  State state = three_with_master({1, 2});
  EXPECT_EQ(state.apply(c.command).outcome, *refused);
  EXPECT_EQ(state, three_with_master({1, 2}));
}

Command without_name(Command command) {
  std::visit([](auto& one) { one.broker_name.clear(); }, command);
  return command;
}
const std::string kLong(1'000, 'x');

INSTANTIATE_TEST_SUITE_P(
    Table, Malformed,
    ::testing::Values(
        MalformedCase{"fine", apply_id(1), ""},
        MalformedCase{"fine_without_cluster", ElectMaster{.broker_name = "a", .reason = ElectionReason::operator_asked},
                      ""},
        MalformedCase{"alter_without_name", without_name(AlterSyncStateSet{}), "brokerName"},
        MalformedCase{"elect_without_name", without_name(ElectMaster{}), "brokerName"},
        MalformedCase{"apply_without_name", without_name(ApplyBrokerId{}), "brokerName"},
        MalformedCase{"register_without_name", without_name(RegisterBroker{}), "brokerName"},
        MalformedCase{"clean_without_name", without_name(CleanBrokerData{}), "brokerName"},
        MalformedCase{"import_without_name", without_name(ImportReplicaSet{}), "brokerName"},
        MalformedCase{"elect_in_a_long_cluster",
                      ElectMaster{.cluster_name = kLong, .broker_name = "a", .reason = ElectionReason::operator_asked},
                      "clusterName"},
        MalformedCase{"register_in_a_long_cluster",
                      RegisterBroker{.cluster_name = kLong, .broker_name = "a", .broker_id = 1, .address = "a:1"},
                      "clusterName"},
        MalformedCase{"clean_in_a_long_cluster", CleanBrokerData{.cluster_name = kLong, .broker_name = "a"},
                      "clusterName"},
        MalformedCase{"register_with_a_long_heartbeat_address",
                      RegisterBroker{.broker_name = "a", .broker_id = 1, .address = "a:1", .heartbeat_address = kLong},
                      "brokerAddr"},
        MalformedCase{"clean_with_many_facts",
                      CleanBrokerData{.broker_name = "a", .facts = std::vector<BrokerFacts>(65)}, "facts of 65"},
        MalformedCase{"import_with_a_long_address",
                      ImportReplicaSet{.cluster_name = "c", .broker_name = "a", .members = {{1, kLong, ""}}},
                      "too long"},
        MalformedCase{"import_with_a_long_check_code",
                      ImportReplicaSet{.cluster_name = "c", .broker_name = "a", .members = {{1, "a:1", kLong}}},
                      "too long"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::replication::testing
