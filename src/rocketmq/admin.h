// The requests by which administrators look at and change a cluster. Each function is one request, or one request of
// every broker that it concerns; addresses are those of brokers in a route or in cluster_info().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/delayed.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic.h"

namespace gantry::rocketmq {

struct QueueOffset {
  MessageQueue queue;
  std::int64_t offset = 0;
};

struct ResetResult {
  std::vector<QueueOffset> offsets;  // where the group stands now
  bool online = false;               // consumers were connected and were told
};

class AdminQueries {
 public:
  // All that is asked through this object has to end by the deadline; what has no time left fails with timeout.
  explicit AdminQueries(std::shared_ptr<Cluster> cluster, Deadline deadline = kNoDeadline)
      : cluster_(std::move(cluster)), deadline_(deadline) {}

  bool out_of_time() const { return cluster_->time_for_a_request(deadline_) == std::chrono::milliseconds::zero(); }

  boost::asio::awaitable<Result<std::vector<std::string>>> topic_list();         // 206, sorted
  boost::asio::awaitable<Result<wire::ClusterInfo>> cluster_info();              // 106
  boost::asio::awaitable<Result<std::map<std::string, std::string>>> masters();  // name -> address, of 106
  boost::asio::awaitable<Result<std::map<std::string, std::string>>> runtime_info(std::string address);  // 28

  // 17 at every master, or of the brokers named. Fails with the first error.
  boost::asio::awaitable<Result<void>> create_topic(wire::TopicConfig config, std::set<std::string> brokers = {});
  boost::asio::awaitable<Result<void>> delete_topic(std::string topic);                                    // 215, 216
  boost::asio::awaitable<Result<wire::TopicConfig>> topic_config(std::string address, std::string topic);  // 351

  boost::asio::awaitable<Result<wire::TopicStatsTable>> topic_stats(std::string address, std::string topic);  // 202
  // 45: where each delay level is delivered, by level, 1 is the first.
  boost::asio::awaitable<Result<std::map<std::int32_t, std::int64_t>>> delay_offsets(std::string address);
  // 61: messages with a delivery time of their own that wait for it, by topic. None when the broker has no timers.
  boost::asio::awaitable<Result<std::map<std::string, std::int64_t>>> timer_counts(std::string address);
  boost::asio::awaitable<Result<wire::ConsumeStats>> consume_stats(std::string address, std::string group,
                                                                   std::string topic);  // 208
  boost::asio::awaitable<Result<wire::QueryConsumeTimeSpanBody>> time_span(std::string address, std::string topic,
                                                                           std::string group);  // 303
  // 14 with setZeroIfNotFound=false: nullopt when the group has never committed in the queue.
  boost::asio::awaitable<Result<std::optional<std::int64_t>>> committed(std::string address, std::string group,
                                                                        MessageQueue queue);
  // 203; not_found when nobody is connected.
  boost::asio::awaitable<Result<wire::ConsumerConnection>> consumer_connection(std::string address, std::string group);

  // 307, which the broker passes on to the client: what it holds and does. `timeout`: the broker itself waits for 10 s.
  boost::asio::awaitable<Result<wire::ConsumerRunningInfo>> consumer_running_info(std::string address,
                                                                                  std::string group,
                                                                                  std::string client_id,
                                                                                  std::chrono::milliseconds timeout);

  boost::asio::awaitable<Result<wire::SubscriptionGroupWrapper>> groups(std::string address);  // 201
  boost::asio::awaitable<Result<std::vector<std::string>>> groups_of_topic(std::string address,
                                                                           std::string topic);  // 300
  boost::asio::awaitable<Result<std::vector<std::string>>> topics_of_group(std::string address,
                                                                           std::string group);  // 343
  boost::asio::awaitable<Result<void>> delete_group(std::string group, bool clean_offsets);     // 207
  // time_ms: Unix time, -1 for the newest. 222 where consumers are connected, else the offsets are set one by one.
  boost::asio::awaitable<Result<ResetResult>> reset_offsets(std::string topic, std::string group, std::int64_t time_ms);

 private:
  boost::asio::awaitable<Result<wire::Command>> call(std::string address, wire::Command request);
  boost::asio::awaitable<Result<wire::Command>> call_ok(std::string address, wire::Command request);

  std::shared_ptr<Cluster> cluster_;
  Deadline deadline_;
};

}  // namespace gantry::rocketmq
