// Reads a whole cluster in bulk, for one cycle of the exporter. Of every master: its topics (21), its groups (201), all
// committed offsets (43), its runtime (28) and producers (328), one request each; then the offsets of every topic (202),
// and the consume stats (208, all topics at once) and connections (203) of every group; then the delays (303) of those
// pairs of topic and group alone that lag. Requests are pipelined, so many at a time as the settings allow.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "exporter/config.h"
#include "exporter/facts.h"
#include "rocketmq/admin.h"
#include "rocketmq/cluster.h"
#include "wire/bodies/stats.h"

namespace gantry::exporter {

class ClusterReader {
 public:
  ClusterReader(std::shared_ptr<rocketmq::Cluster> cluster, Config config);

  // Facts that could not be read are empty, and counted in `errors`. `facts` must outlive the call; when the name
  // servers do not answer, it has no brokers.
  boost::asio::awaitable<void> read(ClusterFacts& facts);

 private:
  struct Job;
  struct Cycle;

  boost::asio::awaitable<void> read_broker(Cycle& cycle, BrokerFacts& broker);
  boost::asio::awaitable<void> read_runtime(Cycle& cycle, BrokerFacts& broker);
  boost::asio::awaitable<void> read_topics(Cycle& cycle, BrokerFacts& broker);
  boost::asio::awaitable<void> read_group_names(Cycle& cycle, BrokerFacts& broker);
  boost::asio::awaitable<void> read_committed(Cycle& cycle, BrokerFacts& broker);
  boost::asio::awaitable<void> read_producers(Cycle& cycle, BrokerFacts& broker);

  // What a Job does; all of them at most requests_in_flight_max at a time.
  boost::asio::awaitable<void> read_topic_stats(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_group(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_group_stats(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_delays(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_pair_again(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_topic_sizes(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_pair_sizes(Cycle& cycle, Job job);
  boost::asio::awaitable<void> read_client(Cycle& cycle, Job job);
  boost::asio::awaitable<void> run(Cycle& cycle, std::vector<Job> jobs);

  boost::asio::awaitable<Result<wire::Command>> ask(Cycle& cycle, BrokerFacts& broker, const char* name,
                                                    wire::Command request);

  // 315 of the last minute; empty when the broker has no such numbers of the key, which is no error.
  boost::asio::awaitable<std::optional<wire::BrokerStatsItem>> last_minute(Cycle& cycle, BrokerFacts& broker,
                                                                           const char* stats, std::string key);

  std::shared_ptr<rocketmq::Cluster> cluster_;
  Config config_;
  rocketmq::AdminQueries admin_;
};

}  // namespace gantry::exporter
