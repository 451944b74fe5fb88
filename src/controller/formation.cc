#include "controller/formation.h"

#include <fmt/format.h>

#include <algorithm>

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

FormationVerdict may_form(const Config& config, const Identity& own,
                          const std::map<std::string, PeerIdentity>& answers) {
  std::string silent;
  for (const Peer& peer : config.peers) {
    if (peer.name == config.self) continue;
    const auto answer = answers.find(peer.name);
    if (answer == answers.end()) {
      silent += fmt::format("{}{} at {}", silent.empty() ? "" : ", ", peer.name, net::to_string(peer.endpoint));
      continue;
    }
    const auto& [group, peers, identity] = answer->second;
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
                          "removed. It does not take part under its old name, since it has forgotten how it "
                          "voted; bring the directory back",
                          peer.name, config.self)};
    }
  }
  if (!silent.empty()) {
    return {Step::wait, fmt::format("no data here, and no answer yet of {}: a group is formed when all have said that "
                                    "they have none either",
                                    silent)};
  }
  return {Step::form, {}};
}

}  // namespace gantry::controller
