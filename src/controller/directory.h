// Which controllers there are, under which names and addresses, and whom to ask: what 1005 tells.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/config.h"
#include "raft/types.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

class Replica;

class Directory {
 public:
  explicit Directory(const Config& config) : group_(config.group), peers_(config.peers) {}

  void set_members(const raft::Members& members) { members_ = members; }
  std::optional<std::string> address_of(raft::NodeId id) const;  // nullopt: unknown
  std::string name_of(raft::NodeId id) const;                    // "n0"; of one without a name: "node-7"

  // As the Java controller answers: no leader address while nobody leads, so that brokers ask the next controller.
  // `given`: whom to name in the leader's place, because brokers are spread (spread.h); nullopt: the leader.
  wire::GetMetaDataResponseHeader metadata(const Replica& replica, std::optional<raft::NodeId> given = {}) const;

 private:
  std::string group_;
  std::vector<Peer> peers_;
  raft::Members members_;
};

}  // namespace gantry::controller
