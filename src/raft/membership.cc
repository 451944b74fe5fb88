#include "raft/membership.h"

#include <algorithm>
#include <utility>

#include "raft/codec.h"

namespace gantry::raft {

Result<void> MemberHistory::apply(Index index, const Node::AppliedChange& change) {
  auto read = decode_member_facts(change.context);
  if (!read) return std::unexpected(in_context(fmt::format("log entry {}", index), read.error()));
  MemberFacts& facts = *read;
  Members members = newest();
  auto it = std::ranges::lower_bound(members.list, change.id, {}, &Member::id);
  bool known = it != members.list.end() && it->id == change.id;
  if (change.kind == Node::Change::remove) {
    if (known) members.list.erase(it);
  } else {
    if (!known) it = members.list.insert(it, Member{.id = change.id});
    it->voter = change.kind == Node::Change::add_voter;
    if (!facts.address.empty()) it->address = std::move(facts.address);
    if (!facts.name.empty()) it->name = std::move(facts.name);
    if (!facts.token.empty()) it->token = std::move(facts.token);
    members.highest_id = std::max(members.highest_id, change.id);
  }
  states_.emplace_back(index, std::move(members));
  return {};
}

void MemberHistory::forget_before(Index index) {
  auto next = std::ranges::upper_bound(states_, index, {}, &std::pair<Index, Members>::first);
  if (next != states_.begin()) states_.erase(states_.begin(), std::prev(next));
}

const Members& MemberHistory::at(Index index) const {
  auto next = std::ranges::upper_bound(states_, index, {}, &std::pair<Index, Members>::first);
  return next == states_.begin() ? states_.front().second : std::prev(next)->second;
}

namespace {

Result<PlannedChange> plan_learner(const Members& members, const MemberChange& change) {
  if (members.find(change.id) != nullptr) return fail(Errc::already_exists, "node {} is a member", change.id);
  if (change.id <= members.highest_id) {
    return fail(Errc::invalid_argument, "id {} may have been used; a new member needs one above {}", change.id,
                members.highest_id);
  }
  if (members.list.size() >= members_max)
    return fail(Errc::invalid_argument, "a group has at most {} members", members_max);
  return PlannedChange{Node::Change::add_learner, encode(MemberFacts{change.address, change.name, change.token})};
}

Result<PlannedChange> plan_removal(const Members& members, const Member& member, NodeId leader) {
  if (member.id == leader) {
    return fail(Errc::invalid_argument, "node {} leads; transfer the leadership before it is removed", leader);
  }
  if (member.voter && members.voters() == 1)
    return fail(Errc::invalid_argument, "node {} is the last voter", member.id);
  return PlannedChange{Node::Change::remove, ""};
}

}  // namespace

Result<PlannedChange> plan_change(const Members& members, const MemberChange& change, NodeId leader) {
  using Kind = MemberChange::Kind;
  if (change.kind == Kind::add_learner && (change.address.empty() || change.address.size() > address_bytes_max)) {
    return fail(Errc::invalid_argument, "a member needs an address of 1 to {} bytes", address_bytes_max);
  }
  if (change.name.size() > name_bytes_max || change.token.size() > name_bytes_max)
    return fail(Errc::invalid_argument, "a name or token has at most {} bytes", name_bytes_max);
  if (change.kind == Kind::add_learner) return plan_learner(members, change);
  const auto* member = members.find(change.id);
  if (member == nullptr) return fail(Errc::not_found, "node {} is not a member", change.id);
  if (change.kind == Kind::remove) return plan_removal(members, *member, leader);
  if (member->voter) return fail(Errc::already_exists, "node {} is a voter", change.id);
  return PlannedChange{Node::Change::add_voter, ""};
}

}  // namespace gantry::raft
