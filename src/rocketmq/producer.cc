#include "rocketmq/producer.h"

#include <algorithm>
#include <cstdlib>
#include <random>

#include "rocketmq/identity.h"
#include "wire/batch.h"
#include "wire/bodies/topic.h"
#include "wire/codes.h"
#include "wire/headers/send.h"
#include "wire/properties.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;
namespace rc = wire::response_code;

constexpr std::size_t kMessageBytesMax = 4 * 1024 * 1024;  // Java's maxMessageSize, also the broker's default

// A caller that tries again by itself gives the message its id, so that it stays the same message.
std::string id_of(const Message& message) {
  auto given = message.properties.find(std::string(wire::property::kUniqueKey));
  return given == message.properties.end() ? next_message_id() : given->second;
}

wire::Properties properties_of(const Message& message, const std::string& id) {
  wire::Properties properties;
  for (const auto& [name, value] : message.properties) properties.add(name, value);
  properties.set(wire::property::kUniqueKey, id);
  properties.set(wire::property::kWaitStoreMsgOk, "true");
  if (!message.tag.empty()) properties.set(wire::property::kTags, message.tag);
  if (!message.keys.empty()) properties.set(wire::property::kKeys, message.keys);
  if (!message.sharding_key.empty()) properties.set(wire::property::kShardingKey, message.sharding_key);
  return properties;
}

// Rule: DefaultMQProducer.retryResponseCodes.
bool may_succeed_elsewhere(std::int32_t code) {
  return code == rc::kTopicNotExist || code == rc::kServiceNotAvailable || code == rc::kSystemError ||
         code == rc::kSystemBusy || code == rc::kNoPermission || code == rc::kNoBuyerId ||
         code == rc::kNotInCurrentUnit;
}

// The request may have reached the broker. It has not when no connection came about; net::Connector says so.
bool may_have_arrived(const Error& error) {
  return error.code == Errc::timeout || (error.code == Errc::unavailable && !error.message.contains("cannot connect"));
}

Result<SendReceipt> to_receipt(const wire::Command& response, const MessageQueue& queue, const std::string& id,
                               const std::string& address) {
  SendReceipt receipt;
  switch (response.code) {
    case rc::kSuccess: receipt.status = SendStatus::ok; break;
    case rc::kFlushDiskTimeout: receipt.status = SendStatus::flush_disk_timeout; break;
    case rc::kFlushSlaveTimeout: receipt.status = SendStatus::flush_slave_timeout; break;
    case rc::kSlaveNotAvailable: receipt.status = SendStatus::slave_not_available; break;
    default: return std::unexpected(error_of_response(response, "broker " + address));
  }
  auto header = wire::decode_header<wire::SendMessageResponseHeader>(response.fields);
  if (!header) return std::unexpected(in_context("broker " + address, header.error()));
  receipt.message_id = id;
  receipt.offset_message_id = header->msg_id;
  receipt.queue = queue;
  receipt.queue.queue_id = header->queue_id;
  receipt.queue_offset = header->queue_offset;
  return receipt;
}

}  // namespace

struct Producer::Encoded {
  std::string topic;
  std::string sharding_key;
  std::string id;
  std::string properties;
  std::string body;
  bool batch = false;
};

std::size_t queue_of_key(std::string_view sharding_key, std::size_t queues) {
  const std::int64_t hash = wire::java_string_hash(sharding_key);
  return static_cast<std::size_t>(std::llabs(hash % static_cast<std::int64_t>(queues)));
}

Producer::Producer(std::shared_ptr<Cluster> cluster, ProducerConfig config)
    : cluster_(std::move(cluster)), config_(std::move(config)), next_queue_(std::random_device{}() % 1024) {}

MessageQueue Producer::choose(const std::vector<MessageQueue>& queues, const std::string& sharding_key,
                              const std::string& avoid_broker) {
  if (!sharding_key.empty()) return queues[queue_of_key(sharding_key, queues.size())];
  for (std::size_t tried = 0; tried < queues.size(); ++tried) {
    const MessageQueue& queue = queues[next_queue_++ % queues.size()];
    if (queue.broker_name != avoid_broker) return queue;
  }
  return queues[next_queue_++ % queues.size()];
}

// A topic without a route is offered to the brokers that create topics: they make it on the first message.
asio::awaitable<Result<Route>> Producer::publish_route(const std::string topic) {
  auto route = co_await cluster_->route(topic);
  if (route || route.error().code != Errc::not_found) co_return route;
  auto creating = co_await cluster_->route(config_.default_topic);
  if (!creating) co_return route;
  creating->topic = topic;
  std::erase_if(creating->queues, [](const auto& data) { return (data.perm & wire::perm::kInherit) == 0; });
  for (wire::QueueData& data : creating->queues) {
    data.write_queue_nums = std::min(data.write_queue_nums, config_.default_topic_queues);
  }
  if (creating->write_queues().empty()) co_return route;
  co_return creating;
}

asio::awaitable<Result<SendReceipt>> Producer::deliver(Encoded encoded) {
  Error last;
  std::string failed_broker;
  for (int attempt = 0; attempt <= config_.retries; ++attempt) {
    auto route = co_await publish_route(encoded.topic);
    if (!route) co_return std::unexpected(route.error());
    const std::vector<MessageQueue> queues = route->write_queues();
    if (queues.empty()) {
      last =
          Error{Errc::unavailable,
                fmt::format("topic {} has no writable queue: every broker of it is down or read-only", encoded.topic)};
      cluster_->forget_route(encoded.topic);
      continue;
    }
    const MessageQueue queue = choose(queues, encoded.sharding_key, failed_broker);
    const std::string address = *route->master(queue.broker_name);

    wire::SendMessageRequestHeaderV2 header;
    header.producer_group = config_.group;
    header.topic = encoded.topic;
    header.default_topic = config_.default_topic;
    header.default_topic_queue_nums = config_.default_topic_queues;
    header.queue_id = queue.queue_id;
    header.born_timestamp_ms = unix_now_ms();
    header.properties = encoded.properties;
    header.reconsume_times = 0;
    header.unit_mode = false;
    header.batch = encoded.batch;
    header.broker_name = queue.broker_name;
    wire::Command request = wire::make_request(
        encoded.batch ? wire::request_code::kSendBatchMessage : wire::request_code::kSendMessageV2, header);
    request.body = encoded.body;
    auto response = co_await cluster_->call(address, std::move(request), config_.timeout);
    if (response) {
      auto receipt = to_receipt(*response, queue, encoded.id, address);
      if (receipt) co_return receipt;
      last = receipt.error();
      if (!may_succeed_elsewhere(response->code)) break;
    } else {
      last = response.error();
      if (config_.on_unanswered && may_have_arrived(last)) config_.on_unanswered(encoded.id, last);
      if (last.code == Errc::cancelled) break;
    }
    failed_broker = queue.broker_name;
    cluster_->forget_route(encoded.topic);
  }
  co_return std::unexpected(last);
}

asio::awaitable<Result<SendReceipt>> Producer::send(Message message) {
  if (message.body.size() > kMessageBytesMax) {
    co_return fail(Errc::invalid_argument, "a message of {} bytes is too large: at most {} are allowed",
                   message.body.size(), kMessageBytesMax);
  }
  Encoded encoded;
  encoded.id = id_of(message);
  if (auto ok = wire::encode_properties(properties_of(message, encoded.id), encoded.properties); !ok) {
    co_return std::unexpected(ok.error());
  }
  encoded.topic = std::move(message.topic);
  encoded.sharding_key = std::move(message.sharding_key);
  encoded.body = std::move(message.body);
  co_return co_await deliver(std::move(encoded));
}

asio::awaitable<Result<SendReceipt>> Producer::send_batch(std::vector<Message> messages) {
  if (messages.empty()) co_return fail(Errc::invalid_argument, "a batch needs at least one message");
  Encoded encoded;
  encoded.batch = true;
  encoded.topic = messages.front().topic;
  encoded.sharding_key = messages.front().sharding_key;
  std::string ids;
  for (Message& message : messages) {
    if (message.topic != encoded.topic) {
      co_return fail(Errc::invalid_argument, "a batch is of one topic, but has {} and {}", encoded.topic,
                     message.topic);
    }
    const std::string id = id_of(message);
    ids += (ids.empty() ? "" : ",") + id;
    std::string properties;
    wire::Properties own = properties_of(message, id);
    own.erase(wire::property::kWaitStoreMsgOk);
    if (auto ok = wire::encode_properties(own, properties); !ok) co_return std::unexpected(ok.error());
    wire::BatchEntry entry;
    entry.body = message.body;
    entry.properties = properties;
    if (auto ok = wire::encode_batch_entry(entry, encoded.body); !ok) co_return std::unexpected(ok.error());
  }
  if (encoded.body.size() > kMessageBytesMax) {
    co_return fail(Errc::invalid_argument, "a batch of {} bytes is too large: at most {} are allowed",
                   encoded.body.size(), kMessageBytesMax);
  }
  encoded.id = std::move(ids);
  wire::Properties whole;
  whole.add(wire::property::kWaitStoreMsgOk, "true");
  if (auto ok = wire::encode_properties(whole, encoded.properties); !ok) co_return std::unexpected(ok.error());
  co_return co_await deliver(std::move(encoded));
}

}  // namespace gantry::rocketmq
