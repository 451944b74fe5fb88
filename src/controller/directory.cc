#include "controller/directory.h"

#include <fmt/format.h>

#include "controller/replica.h"

namespace gantry::controller {

std::optional<std::string> Directory::address_of(raft::NodeId id) const {
  const raft::Member* member = members_.find(id);
  return member ? std::optional(member->address) : std::nullopt;
}

std::string Directory::name_of(raft::NodeId id) const {
  if (const raft::Member* member = members_.find(id)) {
    if (!member->name.empty()) return member->name;
    for (const Peer& peer : peers_) {
      if (net::to_string(peer.endpoint) == member->address) return peer.name;
    }
  }
  return fmt::format("node-{}", id);
}

wire::GetMetaDataResponseHeader Directory::metadata(const Replica& replica, std::optional<raft::NodeId> given) const {
  wire::GetMetaDataResponseHeader header;
  header.group = group_;
  header.is_leader = replica.leads();
  const raft::NodeId named = given.value_or(replica.leadership().leader);
  if (const auto address = address_of(named)) {
    header.controller_leader_id = name_of(named);
    header.controller_leader_address = *address;
  }
  std::string& peers = header.peers.emplace();
  for (const raft::Member& member : members_.list) peers += fmt::format("{}:{};", name_of(member.id), member.address);
  return header;
}

}  // namespace gantry::controller
