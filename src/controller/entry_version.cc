#include "controller/entry_version.h"

#include <algorithm>

namespace gantry::controller {

std::uint32_t agreed_entry_version(const raft::Members& members, raft::NodeId self, std::uint32_t own,
                                   const std::function<std::optional<std::uint32_t>(raft::NodeId)>& heard,
                                   std::uint32_t unheard) {
  std::uint32_t version = own;
  for (const auto& member : members.list) {
    if (member.id != self) version = std::min(version, heard(member.id).value_or(unheard));
  }
  return version;
}

}  // namespace gantry::controller
