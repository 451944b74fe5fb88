#include "raft/types.h"

namespace gantry::raft {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::follower: return "follower";
    case Role::candidate: return "candidate";
    case Role::leader: return "leader";
    case Role::precandidate: return "precandidate";
  }
  return "unknown";
}

}  // namespace gantry::raft
