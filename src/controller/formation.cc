#include "controller/formation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gantry::controller {

using Step = FormationVerdict::Step;

std::string peers_text(const Config& config) {
  std::vector<Peer> peers = config.peers;
  std::ranges::sort(peers, {}, &Peer::name);
  std::string text;
  for (const Peer& peer : peers)
    text += fmt::format("{}{}-{}", text.empty() ? "" : ";", peer.name, net::to_string(peer.endpoint));
  return text;
}

raft::NodeId founding_id(const std::set<std::string>& names, const std::string& name) {
  const auto found = names.find(name);
  return found == names.end() ? 0 : static_cast<raft::NodeId>(std::distance(names.begin(), found)) + 1;
}

namespace {

// "10.0.0.1:9878;10.0.0.2:9878": of the others, to be pasted.
std::string others_text(const Config& config) {
  std::string text;
  for (const Peer& peer : config.peers) {
    if (peer.name != config.self) text += fmt::format("{}{}", text.empty() ? "" : ";", net::to_string(peer.endpoint));
  }
  return text;
}

std::string own_text(const Config& config) {
  return fmt::format("{}-{}", config.self, config.own() ? net::to_string(config.own()->endpoint) : "");
}

}  // namespace

std::string removed_text(const Config& config, raft::NodeId node) {
  return fmt::format(
      "the group {} took it in as node {} and has removed that again, before it had the group's log. It waits to be "
      "taken "
      "in anew: gantry controller members add {} --endpoints '{}'",
      config.group, node, own_text(config), others_text(config));
}

std::optional<Invitation> find_invitation(const Config& config, const Identity& own,
                                          const std::map<std::string, PeerIdentity>& answers) {
  std::optional<Invitation> found;
  for (const auto& [name, peer] : answers) {
    if (peer.group != config.group) continue;
    for (const raft::Member& member : peer.members.list) {
      if (member.token == own.token && (!found || member.id > found->node)) found = {member.id, peer.members};
    }
  }
  return found;
}

FormationVerdict may_form(const Config& config, const Identity& own, const std::map<std::string, PeerIdentity>& answers,
                          bool silent_are_gone) {
  if (config.join || own.stage == Identity::Stage::joining) {
    return {Step::wait, fmt::format("waits until the group {} takes it in: gantry controller members add {} "
                                    "--endpoints '{}'",
                                    config.group, own_text(config), others_text(config))};
  }
  std::string silent;
  for (const Peer& peer : config.peers) {
    if (peer.name == config.self) continue;
    const auto answer = answers.find(peer.name);
    if (answer == answers.end()) {
      silent += fmt::format("{}{} at {}", silent.empty() ? "" : ", ", peer.name, net::to_string(peer.endpoint));
      continue;
    }
    const auto& [group, peers, identity, name, members, instance] = answer->second;
    if (group != config.group || peers != peers_text(config)) {
      return {Step::mismatch,
              fmt::format("{} is configured for group {} of {}, this controller for group {} of {}: make "
                          "the two agree",
                          peer.name, group, peers, config.group, peers_text(config))};
    }
    if (identity.stage == Identity::Stage::empty) continue;
    const auto remembered = identity.founding.find(config.self);
    if (remembered == identity.founding.end() || remembered->second != own.token) {
      return {Step::lost,
              fmt::format("{} is of a group in which {} had other data: its directory was replaced or "
                          "removed. It does not take part under its old id, since it has forgotten how it "
                          "voted; bring the directory back, or, if it is gone for good, give it a new id: gantry "
                          "controller members replace {} --endpoints '{}'",
                          peer.name, config.self, config.self, others_text(config))};
    }
  }
  if (!silent.empty() && !silent_are_gone) {
    return {Step::wait, fmt::format("no data here, and no answer yet of {}: a group is formed when all have said that "
                                    "they have none either",
                                    silent)};
  }
  return {Step::form, {}};
}

}  // namespace gantry::controller
