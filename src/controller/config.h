// What a controller is told: who its peers are, where it listens and keeps its data, and the settings that the Java
// controller has too. Filled from controller.properties (properties.h) or YAML (config_file.h), or from options.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/endpoint.h"

namespace gantry::controller {

struct Peer {
  std::string name;        // n0: what 1005 tells as the leader's id
  net::Endpoint endpoint;  // clients and peers use the same one

  bool operator==(const Peer&) const = default;
};

struct Config {
  std::string group = "gantry-controller";
  std::string self;         // the name of one of `peers`
  std::vector<Peer> peers;  // the founding members, the same on each; at least one
  std::string listen_host;  // empty: the host of our own endpoint
  std::string data_directory;
  bool unclean_election = false;    // enableElectUncleanMaster: a master out of the sync-state set loses messages
  bool notify_role_changed = true;  // notifyBrokerRoleChanged: 1008 to brokers
  std::int64_t heartbeat_timeout_ms = 10'000;  // of a broker that this leader never heard
  std::size_t connections_max = 16'000;
  std::vector<std::string> config_black_list;  // configBlackList: names that 1009 may not change

  const Peer* own() const {
    for (const Peer& peer : peers) {
      if (peer.name == self) return &peer;
    }
    return nullptr;
  }
};

}  // namespace gantry::controller
