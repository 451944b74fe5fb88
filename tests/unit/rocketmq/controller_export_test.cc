#include "rocketmq/controller_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::rocketmq {
namespace {

wire::ReplicaIdentity replica(std::int64_t id) {
  wire::ReplicaIdentity identity;
  identity.broker_id = id;
  identity.broker_address = "10.0.0." + std::to_string(id) + ":10911";
  return identity;
}

struct Answers {
  wire::ReplicasInfo members;
  ReplicaInfo info;
  std::int64_t next = 4;
};

// Brokers 1 to 3, of which 1 and 2 are in sync and 2 is master.
Answers answers() {
  Answers all;
  all.members.in_sync_replicas = {replica(2), replica(1)};
  all.members.not_in_sync_replicas = {replica(3)};
  all.members.master_broker_id = 2;
  all.members.master_epoch = 7;
  all.members.sync_state_set_epoch = 9;
  all.info.master.master_broker_id = 2;
  all.info.master.master_epoch = 7;
  all.info.in_sync.sync_state_set = {2, 1};
  all.info.in_sync.sync_state_set_epoch = 9;
  return all;
}

TEST(ControllerExport, GivenAnswersOfOneMomentThenTheyAreOneSet) {
  const Answers all = answers();
  const auto set = put_together("c", "a", all.members, all.info, all.next);
  ASSERT_TRUE(set) << set.error().message;
  ExportedSet expected;
  expected.cluster_name = "c";
  expected.broker_name = "a";
  expected.next_broker_id = 4;
  expected.master_id = 2;
  expected.master_epoch = 7;
  expected.sync_state_set_epoch = 9;
  expected.sync_state_set = {1, 2};
  expected.replicas = {{1, "10.0.0.1:10911"}, {2, "10.0.0.2:10911"}, {3, "10.0.0.3:10911"}};
  EXPECT_EQ(*set, expected);
}

TEST(ControllerExport, GivenANextIdThatIsTakenThenItIsAboveAllIds) {
  Answers all = answers();
  all.next = 2;
  EXPECT_EQ(put_together("c", "a", all.members, all.info, all.next)->next_broker_id, 4);
}

TEST(ControllerExport, GivenAnswersOfDifferentMomentsThenTheyAreNoSet) {
  const std::pair<const char*, void (*)(Answers&)> changes[] = {
      {"sync-state set epoch", [](Answers& all) { ++all.info.in_sync.sync_state_set_epoch; }},
      {"sync-state set", [](Answers& all) { all.info.in_sync.sync_state_set = {2}; }},
      {"master", [](Answers& all) { all.info.master.master_broker_id = 1; }},
      {"no master", [](Answers& all) { all.info.master.master_broker_id.reset(); }},
      {"master epoch", [](Answers& all) { all.info.master.master_epoch = 8; }},
  };
  for (const auto& [what, change] : changes) {
    Answers all = answers();
    change(all);
    const auto set = put_together("c", "a", all.members, all.info, all.next);
    ASSERT_FALSE(set) << what;
    EXPECT_EQ(set.error().code, Errc::unavailable) << what;
  }
}

}  // namespace
}  // namespace gantry::rocketmq
