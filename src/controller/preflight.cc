#include "controller/preflight.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "controller/certificates.h"
#include "controller/formation.h"
#include "controller/identity.h"

namespace gantry::controller {

namespace {

// The directory, or the nearest one above it that is there.
std::filesystem::path nearest_of(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(directory, error);
  while (path.has_relative_path() && !std::filesystem::exists(path, error)) path = path.parent_path();
  return path;
}

Result<std::string> of_directory(const Config& config) {
  std::error_code error;
  if (const auto there = nearest_of(config.data_directory); !std::filesystem::is_directory(there, error)) {
    return fail(Errc::invalid_argument, "data: {}: {} is no directory", config.data_directory, there.string());
  } else if (::access(there.c_str(), W_OK | X_OK) != 0) {
    return fail(Errc::permission_denied, "data: {}: this user may not write in {}", config.data_directory,
                there.string());
  }
  if (!std::filesystem::exists(config.data_directory, error) ||
      std::filesystem::is_empty(config.data_directory, error)) {
    if (config.peers.size() == 1)
      return fmt::format("data: {}, which is empty: forms a group of its own", config.data_directory);
    return fmt::format("data: {}, which is empty: forms group {} once every peer has said that it has no data either",
                       config.data_directory, config.group);
  }
  if (!std::filesystem::exists(config.data_directory + "/identity.json", error))
    return fmt::format("data: {}, which has no identity.json: of no group yet", config.data_directory);
  const auto identity = load_identity(config.data_directory);
  if (!identity) return fail(identity.error().code, "data: {}", identity.error().message);
  if (auto own = check_owner(*identity, config.data_directory, config.self, config.group); !own)
    return std::unexpected(own.error());
  return fmt::format("data: {}, {}", config.data_directory,
                     identity->stage == Identity::Stage::formed ? "of a member of a group: goes on as that one"
                                                                : "of a node that is of no group yet");
}

}  // namespace

Result<void> check_config(const Config& config) {
  if (config.peers.empty()) return fail(Errc::invalid_argument, "a controller needs its peers, at least itself");
  if (!config.own()) {
    return fail(Errc::invalid_argument, "this controller is {}, but the peers do not name it", config.self);
  }
  if (config.tls_required && config.tls.certificate_file.empty())
    return fail(Errc::invalid_argument, "TLS is required of clients, but the controller has no certificate");
  if (config.data_directory.empty()) return fail(Errc::invalid_argument, "a controller needs a directory for its log");
  for (const Peer& peer : config.peers) {
    const bool twice = std::ranges::count(config.peers, peer.name, &Peer::name) > 1 ||
                       std::ranges::count(config.peers, peer.endpoint, &Peer::endpoint) > 1;
    if (twice)
      return fail(Errc::invalid_argument, "the peers name {} at {} twice", peer.name, net::to_string(peer.endpoint));
  }
  if (auto certificates = load_certificates(config.tls); !certificates) return std::unexpected(certificates.error());
  return {};
}

Plan plan_of(const Config& config) {
  Plan plan;
  const auto& own = *config.own();
  plan.steps.push_back(
      fmt::format("{} of group {}, of {}: {}", config.self, config.group, config.peers.size(), peers_text(config)));
  plan.steps.push_back(fmt::format(
      "listens on {} for brokers, clients and peers{}",
      net::to_string({config.listen_host.empty() ? own.endpoint.host : config.listen_host, own.endpoint.port}),
      config.tls.certificate_file.empty() ? ""
      : config.tls_required               ? ", with TLS alone"
                                          : ", plain and with TLS"));
  plan.steps.push_back(config.http ? fmt::format("page, metrics and probes on {}", net::to_string(*config.http))
                                   : std::string("no page, metrics and probes: there is no HTTP address"));
  if (auto directory = of_directory(config)) {
    plan.steps.push_back(std::move(*directory));
  } else {
    plan.refused = directory.error();
  }
  plan.steps.push_back(config.operators.empty() && config.tls.ca_file.empty()
                           ? fmt::format("everybody may {}, as with the Java controller", kOperatorsMay)
                           : fmt::format("only operators may {}", kOperatorsMay));
  if (config.peers.size() % 2 == 0)
    plan.warnings.push_back(fmt::format("{} controllers survive the loss of {}, as {} would: take an odd number",
                                        config.peers.size(), (config.peers.size() - 1) / 2, config.peers.size() - 1));
  if (config.peers.size() == 1)
    plan.warnings.emplace_back("one controller alone: while it is down no master is replaced");
  if (config.unclean_election)
    plan.warnings.emplace_back("unclean election is on: it loses messages when no member in sync is alive");
  if (config.lease_reads)
    plan.warnings.emplace_back("lease reads are on: safe only while no clock runs a tenth faster than another one");
  return plan;
}

}  // namespace gantry::controller
