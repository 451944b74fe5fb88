#include "controller/member_plan.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>

#include "controller/replicated_log.h"
#include "net/endpoint.h"
#include "raft/membership.h"

namespace gantry::controller {

namespace json = boost::json;
using Kind = MemberRequest::Kind;

namespace {

constexpr std::uint64_t kTicksPerSecond = std::chrono::seconds(1) / kRaftTick;
constexpr std::uint64_t kAliveTicks = kTicksPerSecond;
constexpr std::uint64_t kSureTicks = 30;  // to build a majority on: three to six heartbeats may be missing
constexpr std::size_t kNameMax = 64;

// As in the peers of a configuration, where '-' ends a name and ';' a peer.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && name.find_first_of("-;: \t\r\n\"'") == std::string_view::npos;
}

const raft::MemberStatus* find(const raft::GroupStatus& status, std::string_view name) {
  const auto named = std::ranges::find(status.members, name, [](const auto& member) { return member.member.name; });
  if (named != status.members.end()) return &*named;
  for (const auto& member : status.members) {
    if (std::to_string(member.member.id) == name) return &member;
  }
  return nullptr;
}

std::string names_of(const raft::GroupStatus& status) {
  std::string names;
  for (const auto& member : status.members) names += (names.empty() ? "" : ", ") + member.member.name;
  return names;
}

// The voters that live without `gone` against what they need.
Result<void> check_majority(const raft::GroupStatus& status, const raft::MemberStatus& gone) {
  std::size_t voters = 0, alive = 0;
  std::string silent;
  for (const auto& member : status.members) {
    if (!member.member.voter || member.member.id == gone.member.id) continue;
    ++voters;
    if (member.silent_ticks && *member.silent_ticks <= kSureTicks) {
      ++alive;
    } else {
      silent += (silent.empty() ? "" : ", ") + member.member.name;
    }
  }
  const std::size_t needed = voters / 2 + 1;
  if (voters == 0) return fail(Errc::invalid_argument, "{} is the last voter", gone.member.name);
  if (alive >= needed) return {};
  return fail(Errc::invalid_argument,
              "without {} the group would have {} voters, of which {} live and {} are needed ({} silent): bring them "
              "back or remove them first; --force does it all the same, and the group stops",
              gone.member.name, voters, alive, needed,
              silent + (silent.find(',') == std::string::npos ? " is" : " are"));
}

Result<MemberPlan> plan_add(const std::string& name, const std::string& address, const raft::GroupStatus& status) {
  if (!is_name(name))
    return fail(Errc::invalid_argument, "expected a name of 1 to {} letters without '-', got \"{}\"", kNameMax, name);
  if (!net::parse_endpoint(address)) return fail(Errc::invalid_argument, "expected host:port, got \"{}\"", address);
  for (const auto& [member, matched, silent] : status.members) {
    if (member.name == name) return fail(Errc::already_exists, "{} is a member, at {}", name, member.address);
    if (member.address == address) return fail(Errc::already_exists, "{} is the address of {}", address, member.name);
  }
  MemberPlan plan;
  plan.add = {name, address};
  return plan;
}

Result<MemberPlan> plan_removal(const MemberRequest& request, const raft::GroupStatus& status) {
  const auto* member = find(status, request.name);
  if (!member) return fail(Errc::not_found, "{} is not a member; those are {}", request.name, names_of(status));
  if (member->member.voter) {
    auto majority = check_majority(status, *member);
    if (!majority && !(request.force && status.members.size() > 1)) return std::unexpected(majority.error());
  }
  MemberPlan plan;
  if (member->member.id == status.id) {
    plan.hand_over_to = successor(status);
    if (!plan.hand_over_to) return fail(Errc::invalid_argument, "{} leads, and nobody could instead", request.name);
  } else {
    plan.remove = member->member.id;
  }
  return plan;
}

Result<MemberPlan> plan_replacement(const MemberRequest& request, const raft::GroupStatus& status) {
  const auto* member = find(status, request.name);
  if (!member) {  // removed already, by a leader that stopped in the middle
    if (!request.address.empty()) return plan_add(request.name, request.address, status);
    return fail(Errc::not_found, "{} is not a member; those are {}. To add it: members add {}-HOST:PORT", request.name,
                names_of(status), request.name);
  }
  if (member->member.id == status.id)
    return fail(Errc::invalid_argument, "{} leads: it has its data, and there is nothing to replace", request.name);
  if (member->member.voter && !request.force) {
    if (auto majority = check_majority(status, *member); !majority) return std::unexpected(majority.error());
  }
  raft::GroupStatus others = status;
  std::erase_if(others.members, [&](const auto& other) { return other.member.id == member->member.id; });
  auto plan = plan_add(member->member.name, request.address.empty() ? member->member.address : request.address, others);
  if (plan) plan->remove = member->member.id;
  return plan;
}

}  // namespace

Result<MemberRequest> parse_member_request(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (!object) return fail(Errc::invalid_argument, "expected a JSON object");
  MemberRequest request;
  bool has_kind = false;
  for (const auto& [name, member] : *object) {
    if (name == "force" && member.is_bool()) {
      request.force = member.get_bool();
    } else if ((name == "name" || name == "address") && member.is_string()) {
      (name == "name" ? request.name : request.address) = member.get_string();
    } else if (name == "change" && (member == "add" || member == "remove" || member == "replace")) {
      request.kind = member == "add" ? Kind::add : member == "remove" ? Kind::remove : Kind::replace;
      has_kind = true;
    } else {
      return fail(Errc::invalid_argument, "expected change, name, address or force, got {}", std::string_view(name));
    }
  }
  if (!has_kind || request.name.empty()) return fail(Errc::invalid_argument, "expected a change and a name");
  return request;
}

Result<MemberPlan> plan_members(const MemberRequest& request, const raft::GroupStatus& status) {
  switch (request.kind) {
    case Kind::add: return plan_add(request.name, request.address, status);
    case Kind::remove: return plan_removal(request, status);
    case Kind::replace: break;
  }
  return plan_replacement(request, status);
}

Result<raft::NodeId> plan_transfer(std::string_view name, const raft::GroupStatus& status) {
  std::string could;
  for (const auto& other : status.members) {
    if (other.member.voter && other.member.id != status.id && is_alive(other))
      could += (could.empty() ? "" : ", ") + other.member.name;
  }
  const std::string instead =
      could.empty() ? "nobody else could lead: start another voter first" : "these could lead: " + could;
  if (name.empty()) {
    if (const auto next = successor(status)) return *next;
    return fail(Errc::invalid_argument, "{}; see gantry controller members", instead);
  }
  const auto* member = find(status, name);
  if (!member) return fail(Errc::not_found, "{} is not a member; those are {}", name, names_of(status));
  if (member->member.id == status.id) return member->member.id;
  const std::string who =
      fmt::format("{} (node {}, at {})", member->member.name, member->member.id, member->member.address);
  if (!member->member.voter) {
    return fail(Errc::invalid_argument, "{} is a learner: it cannot lead before it has caught up and is a voter; {}",
                who, instead);
  }
  if (!is_alive(*member))
    return fail(Errc::invalid_argument, "{} {}: start it, or look at its log; {}", who, how_silent(*member), instead);
  return member->member.id;
}

Result<std::string> token_of_newcomer(const Config& config, const MemberRequest& request,
                                      const MemberPlan::Newcomer& newcomer, const PeerIdentity& identity) {
  using Stage = Identity::Stage;
  if (identity.group != config.group) {
    return fail(Errc::invalid_argument, "the controller at {} is of group {}, this one of group {}", newcomer.address,
                identity.group, config.group);
  }
  if (identity.name != newcomer.name) {
    return fail(Errc::invalid_argument, "the controller at {} calls itself {}, not {}", newcomer.address, identity.name,
                newcomer.name);
  }
  const Stage stage = identity.identity.stage;
  if (stage == Stage::empty || stage == Stage::joining) return identity.identity.token;
  if (request.kind == Kind::replace)
    return fail(Errc::invalid_argument, "{} has its data: there is nothing to replace", newcomer.name);
  return fail(Errc::invalid_argument,
              "{} at {} has the data of a group: stop it, and start it again with an empty directory and --join",
              newcomer.name, newcomer.address);
}

std::string how_to_start(const Config& config, const MemberPlan::Newcomer& newcomer) {
  std::string peers;
  for (const Peer& peer : config.peers) {
    if (peer.name != newcomer.name) peers += fmt::format("{}-{};", peer.name, net::to_string(peer.endpoint));
  }
  return fmt::format(
      "start it first, it waits to be taken in: gantry controller --join --group {} --self {} --peers "
      "'{}{}-{}'",
      config.group, newcomer.name, peers, newcomer.name, newcomer.address);
}

bool is_alive(const raft::MemberStatus& member) { return member.silent_ticks && *member.silent_ticks <= kAliveTicks; }

std::string how_silent(const raft::MemberStatus& member) {
  if (!member.silent_ticks) return "was not heard since this leader started";
  const std::uint64_t seconds = *member.silent_ticks / kTicksPerSecond;
  return seconds == 0 ? "was heard within the last second" : fmt::format("was last heard {} s ago", seconds);
}

std::optional<raft::Index> lag_of(const raft::MemberStatus& member, const raft::GroupStatus& status) {
  if (!is_alive(member) || !member.matched) return std::nullopt;
  return status.last - std::min(status.last, *member.matched);
}

std::optional<raft::NodeId> successor(const raft::GroupStatus& status) {
  const raft::MemberStatus* best = nullptr;
  for (const auto& member : status.members) {
    if (!member.member.voter || member.member.id == status.id || !is_alive(member)) continue;
    if (!best || member.matched.value_or(0) > best->matched.value_or(0)) best = &member;
  }
  return best ? std::optional(best->member.id) : std::nullopt;
}

std::optional<raft::NodeId> promotable(const raft::GroupStatus& status) {
  for (const auto& member : status.members) {
    const raft::Index matched = member.matched.value_or(0);
    const bool caught_up = matched > 0 && matched + raft::promotable_lag_max >= status.commit;
    if (!member.member.voter && is_alive(member) && caught_up) return member.member.id;
  }
  return std::nullopt;
}

}  // namespace gantry::controller
