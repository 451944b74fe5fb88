// What a controller is told: who its peers are, where it listens and keeps its data, and the settings that the Java
// controller has too. Filled from controller.properties (properties.h) or YAML (config_file.h), or from options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/endpoint.h"
#include "net/tls.h"
#include "wire/signature.h"

namespace gantry::controller {

struct Peer {
  std::string name;        // n0: what 1005 tells as the leader's id
  net::Endpoint endpoint;  // clients and peers use the same one

  bool operator==(const Peer&) const = default;
};

// The requests of table.h that need an operator, in words.
inline constexpr std::string_view kOperatorsMay = "read or change settings, clean, hold elections and manage the group";

struct Config {
  std::string group = "gantry-controller";
  std::string self;         // the name of one of `peers`
  std::vector<Peer> peers;  // the founding members, the same on each; of one that joins: itself and some members
  bool join = false;        // never forms a group: waits until one has taken it in (member_changes.h)
  std::optional<net::Endpoint> http;  // probes, /metrics and the page; none: they are not served
  std::string listen_host;            // empty: the host of our own endpoint
  std::string data_directory;
  bool unclean_election = false;    // enableElectUncleanMaster: a master out of the sync-state set loses messages
  bool notify_role_changed = true;  // notifyBrokerRoleChanged: 1008 to brokers
  // The leader answers reads without asking the others while a majority has lately heard it: safe only while no clock of
  // the group runs a tenth faster than another one, and every clock goes on while its machine is paused.
  bool lease_reads = false;
  // Brokers are spread over all controllers that know a leader, instead of all going to the leader. When one dies its
  // brokers alter their sync-state sets only after their next 1005, every 10 s (syncControllerMetadataPeriod).
  bool spread_brokers = false;
  std::int64_t heartbeat_timeout_ms = 10'000;  // of a broker that this leader never heard
  // Operators: who signs with one of these (ACL), or shows a certificate of the authority below. What they alone may do is
  // in kOperatorsMay. With neither, everybody may, as with the Java controller.
  std::vector<wire::Credentials> operators;
  // Certificate, key and the authority of both sides' certificates: all or none. Between controllers every connection is
  // TLS then, with certificates on both ends; clients may come with TLS and a certificate, with TLS alone, or plain.
  net::TlsFiles tls;
  bool tls_required = false;  // no plain connections of clients
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
