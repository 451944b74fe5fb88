// The POP requests that a consumer makes of one broker, and the receipts that a client builds from the answers.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "rocketmq/message.h"
#include "wire/bodies/heartbeat.h"
#include "wire/headers/pop.h"

namespace gantry::rocketmq {

struct PopRequest {
  std::string broker_name;
  std::string topic;
  std::int32_t queue_id = -1;  // any
  std::int32_t batch_max = 32;
  std::chrono::milliseconds invisible_time{60'000};
  std::chrono::milliseconds poll_timeout{15'000};
  bool from_earliest = true;
};

// Puts a receipt on every message that has none. Rule: MQClientAPIImpl.processPopResponse.
void fill_receipts(const wire::PopMessageResponseHeader& header, const std::string& broker_name,
                   std::vector<ReceivedMessage>& messages);

class PopClient {
 public:
  PopClient(std::shared_ptr<Cluster> cluster, std::string group)
      : cluster_(std::move(cluster)), group_(std::move(group)) {}

  // Empty when nothing came within the poll timeout.
  boost::asio::awaitable<Result<std::vector<ReceivedMessage>>> pop(std::string address, PopRequest pop,
                                                                   const wire::SubscriptionData& subscription);
  boost::asio::awaitable<Result<void>> ack(std::string address, const ReceivedMessage& message);
  // Visible again after `invisible_time` from now. The message's receipt is replaced by the new one.
  boost::asio::awaitable<Result<void>> change_invisible_time(std::string address, ReceivedMessage& message,
                                                             std::chrono::milliseconds invisible_time);

 private:
  std::shared_ptr<Cluster> cluster_;
  std::string group_;
};

}  // namespace gantry::rocketmq
