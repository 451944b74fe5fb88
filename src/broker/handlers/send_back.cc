// CONSUMER_SEND_MSG_BACK (36): a consumer could not process a message and wants it again later.
// Rule: org.apache.rocketmq.broker.processor.AbstractSendMessageProcessor.consumerSendMsgBack.
#include <algorithm>

#include "broker/config.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/messages.h"
#include "broker/topics.h"
#include "queueing/delay_levels.h"
#include "queueing/topic_names.h"
#include "store/store.h"
#include "wire/headers/send.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::broker {

namespace {

// With access control: the right was given by group and topic, and an offset must not lead to the message of another
// topic, which would then be copied where this group reads it.
bool may_come_back(const wire::MessageView& message, const wire::ConsumerSendMsgBackRequestHeader& header) {
  return message.topic == header.origin_topic || message.topic == queueing::retry_topic(header.group);
}

}  // namespace

void handle_send_back(BrokerContext& broker, remoting::Request request) {
  namespace code = wire::response_code;
  namespace property = wire::property;
  auto header = wire::decode_header<wire::ConsumerSendMsgBackRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  auto group = broker.groups.get(header->group);
  if (!group)
    return request.reply.send(code::kSubscriptionGroupNotExist, "subscription group not exist, " + header->group);
  if ((*group)->retry_queue_nums <= 0) return request.reply.send(code::kSuccess);
  auto record = broker.store.log().record_at(static_cast<std::uint64_t>(header->offset));
  if (!record)
    return request.reply.send(code::kSystemError, fmt::format("look message by offset failed, {}", header->offset));
  auto original = wire::decode_record(*record);
  if (!original) return request.reply.fail(original.error());
  if (!broker.config.users.empty() && !may_come_back(*original, *header)) {
    return request.reply.send(code::kNoPermission, fmt::format("the message at {} is not of topic {}", header->offset,
                                                               header->origin_topic.value_or("")));
  }

  const std::int32_t tries_max = header->max_reconsume_times.value_or((*group)->retry_max_times);
  const bool dead = queueing::send_back_verdict(header->delay_level, original->reconsume_times, tries_max) ==
                    queueing::SendBack::dead_letter;
  auto topic =
      broker.topics.ensure(dead ? queueing::dead_letter_topic(header->group) : queueing::retry_topic(header->group),
                           dead ? 1 : (*group)->retry_queue_nums);
  if (!topic) return request.reply.fail(topic.error());
  if (!(*topic)->writable() || (*topic)->config.write_queue_nums <= 0) {
    return request.reply.send(code::kNoPermission,
                              fmt::format("the topic[{}] sending message is forbidden", (*topic)->config.topic_name));
  }

  std::string properties(original->properties);
  Result<void> set;
  auto put_property = [&](std::string_view name, std::string_view value) {
    if (set) set = wire::set_property(properties, name, value);
  };
  if (!original->property(property::kRetryTopic)) put_property(property::kRetryTopic, original->topic);
  if (!original->property(property::kOriginMessageId)) {
    put_property(property::kOriginMessageId,
                 broker.messages.message_id(static_cast<std::uint64_t>(original->physical_offset)));
  }
  wire::erase_property(properties, property::kDelayTimeLevel);
  if (!dead) {
    put_property(property::kDelayTimeLevel, std::to_string(broker.messages.delay_levels().retry_level(
                                                header->delay_level, original->reconsume_times)));
  }
  if (!set) return refuse_append(request.reply, set.error());

  wire::MessageView message = *original;
  message.properties = properties;
  message.reconsume_times = original->reconsume_times + 1;
  message.prepared_transaction_offset = 0;
  const auto queue_id =
      static_cast<std::int32_t>(broker.random(static_cast<std::uint32_t>((*topic)->config.write_queue_nums)));
  auto stored = broker.messages.put(**topic, queue_id, message);
  if (!stored) return refuse_append(request.reply, stored.error());
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
