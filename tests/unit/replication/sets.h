// Builders that the tests of replication share: a set of three, facts, and short names for ids.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "replication/entry_codec.h"
#include "replication/explanation.h"
#include "replication/limits.h"
#include "replication/snapshot.h"
#include "replication/state.h"

namespace gantry::replication::testing {

inline constexpr std::int64_t kNow = 1'700'000'000'000;

inline std::string address(std::int64_t id) { return "10.0.0." + std::to_string(id) + ":10911"; }
inline std::string check_code(std::int64_t id) {  // unsigned: ids at the ends of int64 are tested as well
  return address(id) + ";" + std::to_string(static_cast<std::uint64_t>(kNow) + static_cast<std::uint64_t>(id));
}

inline BrokerFacts alive(std::int64_t id, std::int32_t epoch = 1, std::int64_t offset = 100,
                         std::int32_t priority = std::numeric_limits<std::int32_t>::max()) {
  return {.broker_id = id, .alive = true, .epoch = epoch, .max_offset = offset, .priority = priority};
}
inline BrokerFacts dead(std::int64_t id, std::int32_t epoch = 1, std::int64_t offset = 100) {
  return {.broker_id = id, .alive = false, .epoch = epoch, .max_offset = offset};
}
inline std::vector<BrokerFacts> all_alive(std::initializer_list<std::int64_t> ids) {
  std::vector<BrokerFacts> facts;
  for (const std::int64_t id : ids) facts.push_back(alive(id));
  return facts;
}

inline ApplyBrokerId apply_id(std::int64_t id, std::string name = "broker-a") {
  return {
      .cluster_name = "DefaultCluster", .broker_name = std::move(name), .broker_id = id, .check_code = check_code(id)};
}
inline ElectMaster elect_of(ElectionReason reason, std::optional<std::int64_t> id, std::vector<BrokerFacts> facts) {
  return {.cluster_name = "DefaultCluster",
          .broker_name = "broker-a",
          .reason = reason,
          .broker_id = id,
          .facts = std::move(facts),
          .unclean_allowed = false,
          .expected_master_epoch = {},
          .proposed_at_ms = kNow};
}

inline void accept(State& state, const Command& command) {
  const Applied applied = state.apply(command);
  ASSERT_EQ(applied.outcome.verdict, Verdict::success) << applied.outcome.remark;
}

// broker-a with members 1, 2 and 3, registered; no master yet.
inline State three_registered() {
  State state;
  for (const std::int64_t id : {1, 2, 3}) accept(state, apply_id(id));
  return state;
}

// The same with master 1 at epoch 1; sync-state set `in_sync` (it must have 1) at epoch 2, or {1} at epoch 1.
inline State three_with_master(std::vector<std::int64_t> in_sync = {1, 2, 3}) {
  State state = three_registered();
  accept(state, elect_of(ElectionReason::broker_asked, 1, all_alive({1, 2, 3})));
  if (in_sync.size() > 1) {
    accept(state, AlterSyncStateSet{.broker_name = "broker-a",
                                    .master_id = 1,
                                    .master_epoch = 1,
                                    .sync_state_set_epoch = 1,
                                    .sync_state_set = std::move(in_sync),
                                    .facts = all_alive({1, 2, 3})});
  }
  return state;
}

}  // namespace gantry::replication::testing
