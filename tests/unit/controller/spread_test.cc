#include "controller/spread.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "controller/liveness.h"

namespace gantry::controller {
namespace {

using Nodes = std::vector<raft::NodeId>;

std::map<raft::NodeId, int> shares(const Nodes& nodes, int brokers) {
  std::map<raft::NodeId, int> counts;
  for (int n = 0; n < brokers; ++n) {
    const std::string name = "broker-" + std::to_string(n / 3);
    ++counts[node_for({"DefaultCluster", name, n % 3 + 1}, nodes)];
  }
  return counts;
}

TEST(Spread, GivenManyBrokersThenEachNodeHasItsShare) {
  for (const Nodes& nodes : {Nodes{1, 2, 3}, Nodes{4, 7, 9, 11, 12}}) {
    const int fair = 30'000 / static_cast<int>(nodes.size());
    for (const auto& [node, count] : shares(nodes, 30'000)) EXPECT_NEAR(count, fair, fair / 20) << node;
  }
}

TEST(Spread, GivenANodeGoesThenOnlyItsBrokersAreGivenToOthers) {
  const Nodes all{1, 2, 3}, left{1, 3};
  for (int n = 0; n < 1'000; ++n) {
    const std::string name = "broker-" + std::to_string(n);
    const auto before = node_for({"c", name, 1}, all);
    if (before != 2) {
      EXPECT_EQ(node_for({"c", name, 1}, left), before) << name;
    }
  }
}

TEST(Spread, GivenAnotherOrderThenTheSameNode) {
  const Nodes one{1, 2, 3}, other{3, 1, 2};
  for (int n = 0; n < 100; ++n) {
    const std::string name = std::to_string(n);
    EXPECT_EQ(node_for({"c", name, 1}, one), node_for({"c", name, 1}, other));
  }
}

// Controllers of different versions must choose alike, or a broker would be sent round: a change here is a new rule.
TEST(Spread, GivenKnownBrokersThenTheNodeNeverChangesBetweenVersions) {
  std::string chosen;
  for (int n = 0; n < 24; ++n)
    chosen += std::to_string(node_for({"DefaultCluster", "broker-" + std::to_string(n), 1}, Nodes{1, 2, 3}));
  EXPECT_EQ(chosen, "231131231333123312321113");
}

TEST(Spread, GivenNamesThatRunIntoEachOtherThenTheyAreDifferentBrokers) {
  int different = 0;
  for (int n = 0; n < 64; ++n) {
    const std::string tail = std::to_string(n);
    different += node_for({"a", "b" + tail, 1}, Nodes{1, 2, 3}) != node_for({"ab", tail, 1}, Nodes{1, 2, 3});
  }
  EXPECT_GT(different, 20);
}

TEST(LivenessIdentity, GivenHeartbeatsOnAConnectionThenItIsTheirBrokerUntilItCloses) {
  Liveness liveness;
  EXPECT_FALSE(liveness.identity(7));
  Heartbeat heartbeat;
  heartbeat.cluster_name = "c";
  heartbeat.broker_name = "b";
  heartbeat.broker_id = 2;
  heartbeat.connection = 7;
  liveness.on_heartbeat(heartbeat, 1'000);
  const auto identity = liveness.identity(7);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->cluster_name, "c");
  EXPECT_EQ(identity->broker_name, "b");
  EXPECT_EQ(identity->broker_id, 2);
  std::vector<LostBroker> lost;
  liveness.on_closed(7, lost);
  EXPECT_FALSE(liveness.identity(7));
}

}  // namespace
}  // namespace gantry::controller
