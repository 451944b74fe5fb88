// The requests about one queue that a classic consumer makes of the queue's broker.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "rocketmq/message.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::rocketmq {

struct PullAnswer {
  enum class Status { found, nothing_new, offset_moved };
  Status status = Status::nothing_new;
  std::vector<ReceivedMessage> messages;
  std::int64_t next_offset = 0;
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
};

class QueueClient {
 public:
  QueueClient(std::shared_ptr<Cluster> cluster, std::string group)
      : cluster_(std::move(cluster)), group_(std::move(group)) {}

  // The committed offset; nullopt when the group has never committed in this queue.
  boost::asio::awaitable<Result<std::optional<std::int64_t>>> committed(MessageQueue queue);
  boost::asio::awaitable<Result<void>> commit(MessageQueue queue, std::int64_t offset);
  boost::asio::awaitable<Result<std::int64_t>> min_offset(MessageQueue queue);
  boost::asio::awaitable<Result<std::int64_t>> max_offset(MessageQueue queue);
  // The first offset stored at or after a moment (Unix ms).
  boost::asio::awaitable<Result<std::int64_t>> offset_at(MessageQueue queue, std::int64_t time_ms);
  // Waits at the broker up to `poll_timeout` when there is nothing. The filter by tags is applied to what came.
  boost::asio::awaitable<Result<PullAnswer>> pull(MessageQueue queue, std::int64_t offset,
                                                  const wire::SubscriptionData& subscription, std::int32_t batch_max,
                                                  std::chrono::milliseconds poll_timeout);
  boost::asio::awaitable<Result<void>> send_back(const ReceivedMessage& message, std::int32_t reconsume_times_max);

 private:
  boost::asio::awaitable<Result<std::string>> address_of(const MessageQueue& queue);
  // The answer of the queue's broker; any code but SUCCESS is an error.
  boost::asio::awaitable<Result<wire::Command>> call_ok(const MessageQueue& queue, wire::Command request);
  template <class Header>
  boost::asio::awaitable<Result<std::int64_t>> ask_offset(MessageQueue queue, wire::Command request);

  std::shared_ptr<Cluster> cluster_;
  std::string group_;
};

}  // namespace gantry::rocketmq
