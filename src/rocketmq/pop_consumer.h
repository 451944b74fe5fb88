// The POP consumer: brokers hand messages out, no queue belongs to anyone. Each message is invisible to the group's
// other consumers for a while and comes again unless it is acknowledged; so any number of consumers share a topic,
// whatever its number of queues, and nothing is rebalanced. At least once.
// Rule: POP_MESSAGE, ACK_MESSAGE, CHANGE_MESSAGE_INVISIBLETIME of Apache RocketMQ 5.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "rocketmq/cluster.h"
#include "rocketmq/consumer.h"
#include "rocketmq/message.h"

namespace gantry::rocketmq {

struct PopConsumerConfig {
  std::string group;
  std::string topic;
  std::string tags = "*";
  ConsumeFrom from = ConsumeFrom::earliest;
  int concurrency = 1;
  std::int32_t batch_max = 32;  // messages of one pop; 1 to 32
  std::chrono::milliseconds invisible_time{60'000};
  std::chrono::milliseconds poll_timeout{15'000};
  std::chrono::milliseconds retry_delay{10'000};  // until a message comes again whose handler said retry
  std::chrono::milliseconds heartbeat_interval{30'000};
};

class PopConsumer {
 public:
  using Handler = Consumer::Handler;
  using Acknowledged = Consumer::Acknowledged;  // the broker took the ack, or the new invisible time of a retry
  using Unacknowledged = Consumer::Unacknowledged;

  PopConsumer(std::shared_ptr<Cluster> cluster, PopConsumerConfig config, Handler handler,
              Acknowledged acknowledged = {}, Unacknowledged unacknowledged = {});
  ~PopConsumer();

  boost::asio::awaitable<Result<void>> start();
  void hold();                          // from this very moment no handler is started
  boost::asio::awaitable<void> stop();  // waits for the handlers at work, gives back what was not begun, leaves

  const std::string& client_id() const;
  std::string last_error() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::rocketmq
