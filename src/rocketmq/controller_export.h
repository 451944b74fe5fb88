// All that a running controller knows of its replica sets, read over the wire from the Java controllers or ours, to be
// taken over by another one. The protocol has no request for that: names come from the name server, the rest from 1006
// (members, epochs), 1004 (the sync-state set) and 1012 (the next id) of the leader. Rule: ReplicasInfoManager.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rocketmq/controller_client.h"

namespace gantry::rocketmq {

struct ExportedSet {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t next_broker_id = 1;  // at least one more than every id seen, and than what 1012 says
  std::optional<std::int64_t> master_id;
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::vector<std::int64_t> sync_state_set;
  std::map<std::int64_t, std::string> replicas;  // id to host:port

  bool operator==(const ExportedSet&) const = default;
};

struct ControllerExport {
  std::vector<ExportedSet> sets;
  std::map<std::string, std::string> not_learned;  // set -> why
};

// The answers of 1006, 1004 and 1012 put together. Errc::unavailable when they belong to different moments.
Result<ExportedSet> put_together(std::string cluster_name, std::string broker_name, const wire::ReplicasInfo& members,
                                 const ReplicaInfo& info, std::int64_t next_broker_id);

// sets: broker name to cluster name. An error when the controllers do not answer; a set that is unknown to them, or goes
// on changing while it is read, is in not_learned.
boost::asio::awaitable<ControllerResult<ControllerExport>> export_sets(std::shared_ptr<ControllerClient> client,
                                                                       std::map<std::string, std::string> sets);

}  // namespace gantry::rocketmq
