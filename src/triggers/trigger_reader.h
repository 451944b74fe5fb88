// Reads what a trigger's metadata names and says what it is worth: credentials by name, the cluster, a reading for each
// topic out of the cache, their value. What KEDA, the metrics API and the page ask goes through here, so all get one
// answer. Lives on the thread of its io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "base/error.h"
#include "kube/rocketmq_trigger.h"
#include "lag/reading.h"
#include "scaling/reading.h"
#include "triggers/cluster_pool.h"
#include "triggers/credentials.h"

namespace gantry::triggers {

struct TriggerRead {
  scaling::TriggerReading value;
  std::vector<Result<lag::LagReading>> readings;  // one for each topic, in the trigger's order
};

class TriggerReader {
 public:
  TriggerReader(boost::asio::io_context& io, ClusterPoolConfig pool, Credentials credentials)
      : io_(io), pool_(io, std::move(pool)), credentials_(std::move(credentials)) {}

  // The cluster of a trigger, with the credentials that it has now. Errors: not_found or unavailable for credentials,
  // those of ClusterPool::get.
  Result<PooledCluster> cluster_of(const kube::RocketmqTriggerMetadata& trigger);

  // Readings that are at most `max_age` old. An error: nothing was asked (credentials, address, limits); what could not
  // be read is inside the value.
  boost::asio::awaitable<Result<TriggerRead>> read(kube::RocketmqTriggerMetadata trigger,
                                                   std::chrono::milliseconds max_age);
  boost::asio::awaitable<Result<TriggerRead>> read(kube::RocketmqTriggerMetadata trigger) {
    return read(std::move(trigger), pool_.config().reading_max_age);
  }

  std::chrono::milliseconds reading_max_age() const { return pool_.config().reading_max_age; }
  void close_idle() { pool_.close_idle(); }
  std::size_t clusters() const { return pool_.size(); }
  void stop() { pool_.stop(); }

 private:
  boost::asio::io_context& io_;
  ClusterPool pool_;
  Credentials credentials_;
};

}  // namespace gantry::triggers
