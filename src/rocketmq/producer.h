// Sends messages: finds the topic's queues, spreads messages over them, and tries another broker when one fails. At
// least once, as with Java's producer: a send whose answer got lost is sent again with the same unique message id, and
// may then be stored twice.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "rocketmq/message.h"
#include "wire/headers/send.h"

namespace gantry::rocketmq {

struct ProducerConfig {
  std::string group = "gantry_producer";
  int retries = 2;                           // after the first attempt; Java's retryTimesWhenSendFailed
  std::chrono::milliseconds timeout{3'000};  // of one attempt
  // Where a topic that does not exist is asked for, as brokers with autoCreateTopicEnable offer it.
  std::string default_topic = wire::kAutoCreateTopic;
  std::int32_t default_topic_queues = 4;
  // A try of this message (of these, "A,B,...", for a batch) went out and no answer came: it may be stored. Whether it
  // is tried again is not said by this. Called on the io_context.
  std::function<void(const std::string& message_id, const Error& why)> on_unanswered;
};

class Producer {
 public:
  Producer(std::shared_ptr<Cluster> cluster, ProducerConfig config);

  // Errors: not_found (no such topic and no broker creates it), invalid_argument (too large, illegal), the last
  // attempt's error otherwise.
  boost::asio::awaitable<Result<SendReceipt>> send(Message message);
  // All of one topic, in one request, into one queue, acknowledged together.
  boost::asio::awaitable<Result<SendReceipt>> send_batch(std::vector<Message> messages);

 private:
  struct Encoded;

  boost::asio::awaitable<Result<Route>> publish_route(const std::string topic);
  boost::asio::awaitable<Result<SendReceipt>> deliver(Encoded encoded);
  MessageQueue choose(const std::vector<MessageQueue>& queues, const std::string& sharding_key,
                      const std::string& avoid_broker);

  std::shared_ptr<Cluster> cluster_;
  ProducerConfig config_;
  std::size_t next_queue_;
};

// The queue of a sharding key. Rule: org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash.
std::size_t queue_of_key(std::string_view sharding_key, std::size_t queues);

}  // namespace gantry::rocketmq
