// What a wish of an operator about the group's members comes to, or why it may not be: the rules, without I/O.
//
// - A node that comes is started first, and is asked for the token of its directory: the id that it gets is bound to that
//   directory in the log, so no other disk can ever vote under it.
// - It comes as a learner and is made a voter when it has caught up: so the group never waits for a node that is empty.
// - A node whose directory is lost is not repaired but replaced: the old id goes, a new one comes.
// - Nobody is removed whose removal leaves fewer live voters than a majority needs, unless forced.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "controller/formation.h"
#include "raft/group.h"

namespace gantry::controller {

struct MemberRequest {
  enum class Kind { add, remove, replace };
  Kind kind = Kind::add;
  std::string name;     // of remove and replace also an id in digits
  std::string address;  // host:port, of add; of replace when the node has another one now, or is not a member any more
  bool force = false;   // of remove: although the group then has no majority
};

// The body of request 19011: {"change": "add"|"remove"|"replace", "name": , "address": , "force": }.
Result<MemberRequest> parse_member_request(std::string_view body);

struct MemberPlan {
  struct Newcomer {
    std::string name;
    std::string address;
  };
  std::optional<raft::NodeId> hand_over_to;  // the leader is to go: nothing else is done before another one leads
  std::optional<raft::NodeId> remove;        // then
  std::optional<Newcomer> add;
};

// status: the leader's, every member with a name. Errors: not_found, already_exists, invalid_argument.
Result<MemberPlan> plan_members(const MemberRequest& request, const raft::GroupStatus& status);

// Who shall lead next: the member of that name or id, the leader itself too; of an empty name whoever is closest. Errors:
// not_found, and invalid_argument: it could not lead, or nobody could, with what to do.
Result<raft::NodeId> plan_transfer(std::string_view name, const raft::GroupStatus& status);

// Whether the node that answers at the newcomer's address may be taken in; its token then.
Result<std::string> token_of_newcomer(const Config& config, const MemberRequest& request,
                                      const MemberPlan::Newcomer& newcomer, const PeerIdentity& identity);
// What to start at an address where nobody answers.
std::string how_to_start(const Config& config, const MemberPlan::Newcomer& newcomer);

bool is_alive(const raft::MemberStatus& member);  // heard within the last second
// Entries behind the leader; of one that is silent nobody knows what it has: its disk may be another one.
std::optional<raft::Index> lag_of(const raft::MemberStatus& member, const raft::GroupStatus& status);
std::string how_silent(const raft::MemberStatus& member);                // "was last heard 12 s ago"
std::optional<raft::NodeId> successor(const raft::GroupStatus& status);  // the live voter that is closest to the leader
std::optional<raft::NodeId> promotable(const raft::GroupStatus& status);  // a live learner that has caught up

}  // namespace gantry::controller
