// SEND_MESSAGE (10), SEND_MESSAGE_V2 (310), SEND_BATCH_MESSAGE (320).
// Rule: org.apache.rocketmq.broker.processor.SendMessageProcessor, AbstractSendMessageProcessor.
#include <algorithm>

#include "broker/config.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/messages.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "queueing/topic_names.h"
#include "wire/batch.h"
#include "wire/headers/send.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::broker {

namespace {

namespace code = wire::response_code;

struct Target {
  Topic* topic;
  std::int32_t queue_id;
};

bool is_batch(const remoting::Request& request, const wire::SendMessageRequestHeader& header) {
  return request.command.code == wire::request_code::kSendBatchMessage || header.batch.value_or(false);
}

// The topic to write to, made when it may be; else the request is answered.
Topic* topic_to_send(BrokerContext& broker, remoting::Reply& reply, const wire::SendMessageRequestHeader& header) {
  Topic* topic = broker.topics.find(header.topic);
  if (topic == nullptr) {
    if (!queueing::is_valid_topic(header.topic)) {
      reply.send(code::kInvalidParameter,
                 "the topic's name is not valid: expected 1 to 127 letters, digits, %, |, - or _");
      return nullptr;
    }
    auto made = queueing::is_retry_topic(header.topic)
                    ? broker.topics.ensure(header.topic, 1)
                    : broker.topics.create_by_send(header.topic, header.default_topic, header.default_topic_queue_nums,
                                                   header.unit_mode.value_or(false) ? 1 : 0);
    if (!made) {
      if (made.error().code == Errc::not_found) {
        reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist, apply first please!", header.topic));
      } else {
        reply.fail(made.error());
      }
      return nullptr;
    }
    topic = *made;
  }
  if (!topic->writable()) {
    reply.send(code::kNoPermission, fmt::format("the topic[{}] sending message is forbidden", header.topic));
    return nullptr;
  }
  if (header.topic == kScheduleTopic || header.topic == kTimerTopic || header.topic.starts_with("RMQ_SYS_TRANS")) {
    reply.send(code::kNoPermission, fmt::format("Sending message to topic[{}] is forbidden.", header.topic));
    return nullptr;
  }
  return topic;
}

std::optional<Target> target_of(BrokerContext& broker, remoting::Reply& reply,
                                const wire::SendMessageRequestHeader& header) {
  Topic* topic = topic_to_send(broker, reply, header);
  if (topic == nullptr) return std::nullopt;
  std::int32_t queue_id = header.queue_id;
  if (queue_id >= topic->queue_count() || topic->config.write_queue_nums <= 0) {
    reply.send(code::kInvalidParameter, fmt::format("request queueId[{}] is illegal, topic [{}] has {} queues to write",
                                                    queue_id, header.topic, topic->config.write_queue_nums));
    return std::nullopt;
  }
  if (queue_id < 0)
    queue_id = static_cast<std::int32_t>(broker.random(static_cast<std::uint32_t>(topic->config.write_queue_nums)));
  return Target{topic, queue_id};
}

// A consumer that could not send a message back sends it to its retry topic itself; the limit of tries holds there too.
std::optional<Target> dead_letter_target(BrokerContext& broker, remoting::Reply& reply,
                                         const wire::SendMessageRequestHeader& header) {
  const std::string_view name = std::string_view(header.topic).substr(queueing::kRetryPrefix.size());
  auto group = broker.groups.get(name);
  if (!group) {
    reply.send(code::kSubscriptionGroupNotExist, fmt::format("subscription group not exist, {}", name));
    return std::nullopt;
  }
  if (header.reconsume_times.value_or(0) <= header.max_reconsume_times.value_or((*group)->retry_max_times))
    return std::nullopt;
  auto topic = broker.topics.ensure(queueing::dead_letter_topic(name), 1);
  if (!topic) {
    reply.fail(topic.error());
    return std::nullopt;
  }
  return Target{*topic, 0};
}

wire::MessageView message_of(const remoting::Request& request, const wire::SendMessageRequestHeader& header) {
  wire::MessageView message;
  message.flag = header.flag;
  message.sys_flag = header.sys_flag &
                     ~(wire::sys_flag::kTransactionMask | wire::sys_flag::kBornHostV6 | wire::sys_flag::kStoreHostV6);
  message.born_timestamp_ms = header.born_timestamp_ms;
  message.born_host = host_of(*request.from);
  message.reconsume_times = header.reconsume_times.value_or(0);
  message.body = request.command.body;
  if (header.properties) message.properties = *header.properties;
  return message;
}

void send_one(BrokerContext& broker, remoting::Request request, wire::SendMessageRequestHeader header) {
  auto target = target_of(broker, request.reply, header);
  if (!target) return;
  if (queueing::is_retry_topic(header.topic)) {
    if (auto dead = dead_letter_target(broker, request.reply, header)) {
      target = dead;
      if (header.properties) wire::erase_property(*header.properties, wire::property::kDelayTimeLevel);
    }
    if (!request.reply.pending() && !request.command.is_oneway()) return;
  }
  if (header.properties && header.properties->find(wire::property::kPopCk) != std::string::npos) {
    wire::erase_property(*header.properties, wire::property::kPopCk);  // a receipt of another message
  }
  const wire::MessageView message = message_of(request, header);
  const auto transaction = message.property(wire::property::kTransactionPrepared);
  auto stored = transaction == "true" ? broker.transactions.put_half(*target->topic, target->queue_id, message)
                                      : broker.messages.put(*target->topic, target->queue_id, message);
  if (!stored) return refuse_append(request.reply, stored.error());
  ++broker.counters.messages_in;
  broker.counters.bytes_in += request.command.body.size();
  wire::SendMessageResponseHeader answer;
  answer.msg_id = broker.messages.message_id(stored->physical_offset);
  answer.queue_id = target->queue_id;
  answer.queue_offset = stored->queue_offset;
  if (auto unique = message.property(wire::property::kUniqueKey)) answer.transaction_id.emplace(*unique);
  auto response = response_with(request.reply, answer);
  broker.reply_when_durable(std::move(request.reply), std::move(response));
}

void send_batch(BrokerContext& broker, remoting::Request request, const wire::SendMessageRequestHeader& header) {
  if (queueing::is_retry_topic(header.topic)) {
    return request.reply.send(code::kMessageIllegal, "batch request does not support retry group " + header.topic);
  }
  const auto entries = wire::decode_batch(request.command.body);
  if (!entries || entries->empty()) {
    return request.reply.send(code::kMessageIllegal, entries ? "the batch is empty" : entries.error().message);
  }
  auto target = target_of(broker, request.reply, header);
  if (!target) return;
  wire::MessageView message = message_of(request, header);
  std::string ids, properties;
  std::optional<std::int64_t> first_offset;
  for (const auto& entry : *entries) {
    properties.assign(entry.properties);
    if (header.properties && !header.properties->empty()) {
      if (!properties.empty() && properties.back() != wire::kPropertySeparator) properties += wire::kPropertySeparator;
      properties += *header.properties;
    }
    message.flag = entry.flag;
    message.body = entry.body;
    message.properties = properties;
    auto stored = broker.messages.put(*target->topic, target->queue_id, message);
    if (!stored) return refuse_append(request.reply, stored.error());
    if (!ids.empty()) ids += ',';
    ids += broker.messages.message_id(stored->physical_offset);
    if (!first_offset) first_offset = stored->queue_offset;
  }
  broker.counters.messages_in += entries->size();
  broker.counters.bytes_in += request.command.body.size();
  wire::SendMessageResponseHeader answer;
  answer.msg_id = std::move(ids);
  answer.queue_id = target->queue_id;
  answer.queue_offset = *first_offset;
  auto response = response_with(request.reply, answer);
  broker.reply_when_durable(std::move(request.reply), std::move(response));
}

}  // namespace

void handle_send_message(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_send_header(request.command);
  if (!header) return request.reply.fail(header.error());
  if (request.command.body.size() > broker.config.message_bytes_max) {
    return request.reply.send(code::kMessageIllegal,
                              fmt::format("the message's body has {} bytes, the maximum is {}",
                                          request.command.body.size(), broker.config.message_bytes_max));
  }
  if (header->properties && header->properties->size() > wire::kPropertiesBytesMax) {
    return request.reply.send(code::kMessageIllegal,
                              fmt::format("the message's properties have {} bytes, the maximum is {}",
                                          header->properties->size(), wire::kPropertiesBytesMax));
  }
  if (is_batch(request, *header)) return send_batch(broker, std::move(request), *header);
  send_one(broker, std::move(request), std::move(*header));
}

}  // namespace gantry::broker
