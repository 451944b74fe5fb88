#include "triggers/cluster_pool.h"

#include <set>

#include "lag/rocketmq_lag.h"
#include "triggers/marked_lag.h"

namespace gantry::triggers {
namespace {

void disconnect(const PooledCluster& pooled) {
  pooled.arrivals->stop();
  pooled.cluster->stop();
}

wire::Credentials keys_of(const ClusterAddress& address) {
  wire::Credentials keys;
  keys.access_key = address.access_key;
  keys.secret_key = address.secret_key;
  return keys;
}

}  // namespace

std::string normal_name_servers(std::string_view text) {
  std::set<std::string> servers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(";, \t\r\n"), text.size());
    std::string server(text.substr(0, end));
    for (char& c : server) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!server.empty()) servers.insert(std::move(server));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fmt::format("{}", fmt::join(servers, ";"));
}

std::string normal_name_servers(const std::vector<std::string>& servers) {
  return normal_name_servers(fmt::format("{}", fmt::join(servers, ";")));
}

Result<PooledCluster> ClusterPool::get(const ClusterAddress& address) {
  const auto now = std::chrono::steady_clock::now();
  ClusterAddress key = address;
  if (!key.credentials.empty()) key.access_key = key.secret_key = "";
  if (auto found = clusters_.find(key); found != clusters_.end()) {
    Entry& entry = found->second;
    entry.used_at = now;
    if (entry.access_key != address.access_key || entry.secret_key != address.secret_key) {
      entry.access_key = address.access_key;
      entry.secret_key = address.secret_key;
      entry.pooled.cluster->rotate(keys_of(address));
    }
    return entry.pooled;
  }
  close_idle(now);
  if (clusters_.size() >= config_.clusters_max) {
    return fail(Errc::resource_exhausted, "{} clusters are being read already, the most that one scaler serves",
                clusters_.size());
  }
  if (address.tls && !config_.tls)
    return fail(Errc::invalid_argument, "tls: the scaler has no TLS settings for RocketMQ clusters");
  rocketmq::ClusterConfig config;
  config.name_servers = address.name_servers;
  if (address.tls) config.tls = config_.tls;
  if (!address.access_key.empty()) config.credentials = keys_of(address);
  config.connect_timeout = config_.connect_timeout;
  config.request_timeout = config_.request_timeout;
  auto cluster = rocketmq::Cluster::create(io_, std::move(config));
  if (!cluster) return std::unexpected(cluster.error());
  lag::RocketmqLagConfig reading;
  reading.timeout = config_.reading_timeout;
  auto source =
      std::make_shared<MarkedLag>(std::make_shared<lag::RocketmqLag>(*cluster, reading), config_.persistent_after);
  PooledCluster pooled{
      *cluster, std::make_shared<LagCache>(io_, std::move(source), config_.reading_max_age, LagCache::ReadAhead::on),
      std::make_shared<ArrivalPolls>(io_, *cluster)};
  clusters_.emplace(std::move(key), Entry{pooled, address.access_key, address.secret_key, now});
  return pooled;
}

void ClusterPool::close_idle(std::chrono::steady_clock::time_point now) {
  std::erase_if(clusters_, [&](const auto& entry) {
    if (now - entry.second.used_at < config_.idle_after) return false;
    disconnect(entry.second.pooled);
    return true;
  });
}

void ClusterPool::stop() {
  for (const auto& [address, entry] : clusters_) disconnect(entry.pooled);
  clusters_.clear();
}

}  // namespace gantry::triggers
