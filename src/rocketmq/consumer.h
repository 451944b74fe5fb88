// The classic consumer: a member of a group that shares out the queues of a topic with the others (client rebalancing),
// fetches by long polls, hands messages to a handler and commits, queue by queue, the offset below which everything was
// processed. Mode pull fetches a batch when the last one is done and leaves the retry topic alone; mode push fetches
// ahead and reads the group's retry topic too, as org.apache.rocketmq.client.consumer.DefaultMQPushConsumer does. Java
// consumers and this one can share a group. At least once: a message can come again after a failure or a rebalance.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "rocketmq/cluster.h"
#include "rocketmq/message.h"

namespace gantry::rocketmq {

enum class ConsumeMode { pull, push };
enum class ConsumeFrom { earliest, latest };  // where a group begins that has never committed

struct ConsumerConfig {
  std::string group;
  std::string topic;
  std::string tags = "*";  // "A || B"
  ConsumeMode mode = ConsumeMode::push;
  ConsumeFrom from = ConsumeFrom::earliest;
  int concurrency = 1;                                // handlers that run at the same time
  std::int32_t batch_max = 32;                        // messages of one fetch
  std::size_t prefetch_max = 1'000;                   // mode push: messages held of one queue
  std::size_t prefetch_bytes_max = 16 * 1024 * 1024;  // and their bodies
  std::int32_t reconsume_times_max = 16;              // then the message goes to the dead-letter topic
  std::chrono::milliseconds poll_timeout{15'000};
  std::chrono::milliseconds commit_interval{500};
  // What was committed is told again after this time, as Java clients do (persistConsumerOffsetInterval): a member that
  // held the queue before and learned late of its loss may have thrown the offset back.
  std::chrono::milliseconds recommit_interval{5'000};
  std::chrono::milliseconds heartbeat_interval{30'000};
  std::chrono::milliseconds rebalance_interval{20'000};
  // A queue taken over from another member is read after this time only, so that the other's last commit is seen.
  std::chrono::milliseconds handover_delay{300};
};

class Consumer {
 public:
  // Runs on the io_context. Outcome::retry sends the message back to its broker, to come again later.
  using Handler = std::function<boost::asio::awaitable<Outcome>(const ReceivedMessage&)>;
  // The broker has acknowledged: the offset commit that covers the message (the send-back, when it was to be retried).
  using Acknowledged = std::function<void(const ReceivedMessage&, Outcome)>;
  // The handler succeeded, and no acknowledgement is known or will be: refused, its answer lost, or the queue was taken
  // away before. The message may come again, here or elsewhere, or may not. Every message whose handler succeeded gets
  // one of the two calls, the last of them before stop() ends.
  using Unacknowledged = std::function<void(const ReceivedMessage&, const Error& why)>;

  Consumer(std::shared_ptr<Cluster> cluster, ConsumerConfig config, Handler handler, Acknowledged acknowledged = {},
           Unacknowledged unacknowledged = {});
  ~Consumer();

  // Joins the group. Fails when the topic does not exist or no broker takes the heartbeat; afterwards failures are
  // retried and seen in last_error().
  boost::asio::awaitable<Result<void>> start();
  // From this very moment no handler is started. stop() must follow.
  void hold();
  // Waits for the handlers at work, commits, leaves the group. The Cluster stays usable.
  boost::asio::awaitable<void> stop();

  const std::string& client_id() const;
  std::size_t assigned_queues() const;
  std::string last_error() const;  // empty: the last round of everything went well

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::rocketmq
