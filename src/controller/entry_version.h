// In which version of the format entries of the log are written while members of several versions run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "raft/types.h"

namespace gantry::controller {

// What every member reads: `own` of this node, what `heard` says of the others. One that has not said it since this node's
// start counts as `unheard`, the oldest: it may come back as it was. Without members: own.
std::uint32_t agreed_entry_version(const raft::Members& members, raft::NodeId self, std::uint32_t own,
                                   const std::function<std::optional<std::uint32_t>(raft::NodeId)>& heard,
                                   std::uint32_t unheard = 1);

}  // namespace gantry::controller
