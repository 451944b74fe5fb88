// The RocketMQ clusters that triggers name, each connected once however many triggers read it: connections, routes,
// cached readings and the history of commits are shared by all that name the same cluster in the same way. Lives on the
// thread of its io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <compare>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "net/tls.h"
#include "rocketmq/cluster.h"
#include "triggers/arrival_polls.h"
#include "triggers/lag_cache.h"
#include "triggers/marked_lag.h"

namespace gantry::triggers {

// The same list for the same name servers, however it was written: each once, in lower case, sorted, "host:port;host:port".
std::string normal_name_servers(std::string_view text);
std::string normal_name_servers(const std::vector<std::string>& servers);

struct ClusterAddress {
  std::string name_servers;  // as normal_name_servers() makes them, so that a cluster is connected once
  bool tls = false;
  std::string credentials;  // their name, if they have one: the keys of a name may be rotated, and the cluster stays
  std::string access_key;   // empty: no credentials
  std::string secret_key;

  auto operator<=>(const ClusterAddress&) const = default;
};

struct ClusterPoolConfig {
  std::shared_ptr<net::TlsContext> tls;  // for addresses that ask for it
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds request_timeout{2'000};   // of one request
  std::chrono::milliseconds reading_timeout{10'000};  // of a reading with all its requests
  std::chrono::milliseconds reading_max_age{2'000};
  std::chrono::milliseconds persistent_after = kPersistentAfter;  // see marked_lag.h
  std::chrono::milliseconds idle_after{600'000};                  // a cluster that nobody asked for is disconnected
  std::size_t clusters_max = 256;                                 // then resource_exhausted
};

struct PooledCluster {
  std::shared_ptr<rocketmq::Cluster> cluster;
  std::shared_ptr<LagCache> lag;
  std::shared_ptr<ArrivalPolls> arrivals;
};

class ClusterPool {
 public:
  ClusterPool(boost::asio::io_context& io, ClusterPoolConfig config) : io_(io), config_(std::move(config)) {}
  ~ClusterPool() { stop(); }
  ClusterPool(const ClusterPool&) = delete;
  ClusterPool& operator=(const ClusterPool&) = delete;

  // Connects nothing yet: the first request does. Errors: invalid_argument (an address that cannot be read, TLS that is
  // not configured), resource_exhausted.
  Result<PooledCluster> get(const ClusterAddress& address);
  std::size_t size() const { return clusters_.size(); }
  void close_idle(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());  // see idle_after
  const ClusterPoolConfig& config() const { return config_; }
  void stop();

 private:
  struct Entry {
    PooledCluster pooled;
    std::string access_key, secret_key;
    std::chrono::steady_clock::time_point used_at;
  };
  boost::asio::io_context& io_;
  ClusterPoolConfig config_;
  std::map<ClusterAddress, Entry> clusters_;  // the keys of credentials with a name are left out
};

}  // namespace gantry::triggers
