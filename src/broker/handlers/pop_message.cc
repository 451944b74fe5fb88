// POP_MESSAGE (200050), with long polling. Rule: org.apache.rocketmq.broker.processor.PopMessageProcessor.
#include <algorithm>

#include "broker/arrivals.h"
#include "broker/config.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/pop_support.h"
#include "broker/handlers/support.h"
#include "broker/pops.h"
#include "broker/tag_filter.h"
#include "broker/topics.h"
#include "queueing/topic_names.h"
#include "wire/headers/pop.h"

namespace gantry::broker {
namespace {

namespace code = wire::response_code;

constexpr std::uint32_t kRetryFirstPercent = 20;  // popFromRetryProbability

// One pop, as long as it waits.
struct Pop {
  remoting::Reply reply;
  std::shared_ptr<remoting::Peer> from;
  std::int32_t queue_id = -1;
  Pops::Wanted wanted;
};

void take_from(BrokerContext& broker, Topic& topic, std::int32_t queue_id, const Pops::Wanted& wanted,
               Pops::Found& found) {
  if (queue_id >= 0) return broker.pops.take(topic, queue_id, wanted, found);
  const auto count = static_cast<std::uint32_t>(topic.config.read_queue_nums);
  const std::uint32_t first =
      broker.random(count);  // else the first queues would be drained before the last are looked at
  for (std::uint32_t i = 0; i < count; ++i)
    broker.pops.take(topic, static_cast<std::int32_t>((first + i) % count), wanted, found);
}

Pops::Found take(BrokerContext& broker, const Pop& pop, Topic& topic) {
  Pops::Found found;
  Topic* retry =
      pop.wanted.order ? nullptr : broker.topics.find(queueing::pop_retry_topic(pop.wanted.topic, pop.wanted.group));
  const bool retry_first = retry != nullptr && broker.random(100) < kRetryFirstPercent;
  // retried messages are not filtered again: they were this group's
  Pops::Wanted retry_wanted;
  if (retry != nullptr) {
    retry_wanted = pop.wanted;
    retry_wanted.subscription = queueing::Subscription{};
  }
  if (retry_first) take_from(broker, *retry, -1, retry_wanted, found);
  take_from(broker, topic, pop.queue_id, pop.wanted, found);
  if (retry != nullptr && !retry_first) take_from(broker, *retry, -1, retry_wanted, found);
  return found;
}

void answer(BrokerContext& broker, Pop& pop, Pops::Found found, std::int32_t response_code) {
  wire::PopMessageResponseHeader header;
  header.pop_time_ms = pop.wanted.pop_time_ms;
  header.invisible_time_ms = pop.wanted.invisible_ms;
  header.revive_queue_id = pop.wanted.order ? wire::kPopOrderReviveQueue : 0;
  header.rest_num = found.rest;
  header.start_offset_info = wire::encode_start_offsets(found.starts);
  header.msg_offset_info = wire::encode_message_offsets(found.offsets);
  if (pop.wanted.order) header.order_count_info = wire::encode_order_counts(found.order_counts);
  const bool any = found.messages > 0;
  wire::Command response = response_with(pop.reply, header, response_code, any ? "FOUND" : "NO_MESSAGE_IN_QUEUE");
  response.body = std::move(found.body);
  broker.counters.messages_out += found.messages;
  broker.counters.bytes_out += response.body.size();
  if (any) {
    broker.reply_when_durable(std::move(pop.reply), std::move(response));
  } else {
    pop.reply.send(std::move(response));
  }
}

void serve(BrokerContext& broker, std::shared_ptr<Pop> pop, Arrivals::Clock::time_point deadline) {
  if (!pop->from->is_open()) return;  // what it would get nobody would acknowledge
  Topic* topic = broker.topics.find(pop->wanted.topic);
  if (topic == nullptr)
    return pop->reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist", pop->wanted.topic));
  pop->wanted.pop_time_ms = broker.now_ms();
  Pops::Found found = take(broker, *pop, *topic);
  if (found.error) broker.unreadable(pop->wanted.topic, pop->queue_id, *found.error);
  if (found.messages > 0) return answer(broker, *pop, std::move(found), code::kSuccess);
  if (found.error) return pop->reply.send(code::kSystemError, found.error->message);
  if (Arrivals::Clock::now() >= deadline) return answer(broker, *pop, std::move(found), code::kPollingTimeout);
  auto waits = broker.arrivals.wait(pop->wanted.topic, pop->queue_id < 0 ? Arrivals::kAnyQueue : pop->queue_id,
                                    deadline, [&broker, pop, deadline](bool) { serve(broker, pop, deadline); });
  if (!waits) answer(broker, *pop, std::move(found), code::kPollingFull);
}

}  // namespace

void handle_pop_message(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::PopMessageRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (header->max_messages < 1 || header->max_messages > static_cast<std::int32_t>(Pops::kMessagesMax)) {
    return request.reply.send(code::kInvalidParameter, fmt::format("maxMsgNums: expected 1 to {}, got {}",
                                                                   Pops::kMessagesMax, header->max_messages));
  }
  if (header->invisible_time_ms < 1 || header->invisible_time_ms > kInvisibleMsMax) {
    return request.reply.send(code::kInvalidParameter, fmt::format("invisibleTime: expected 1 to {} ms, got {}",
                                                                   kInvisibleMsMax, header->invisible_time_ms));
  }
  Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr)
    return request.reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist", header->topic));
  if (!topic->readable())
    return request.reply.send(code::kNoPermission, fmt::format("the topic[{}] may not be read", header->topic));
  if (header->queue_id >= topic->config.read_queue_nums) {
    return request.reply.send(code::kInvalidParameter,
                              fmt::format("queueId[{}] is illegal, topic[{}] has {} queues to read", header->queue_id,
                                          header->topic, topic->config.read_queue_nums));
  }
  auto group = broker.groups.get(header->consumer_group);
  if (!group) return request.reply.send(code::kSubscriptionGroupNotExist, group.error().message);
  if (!(*group)->consume_enable) {
    return request.reply.send(code::kNoPermission,
                              fmt::format("consumer group {} may not consume", header->consumer_group));
  }
  auto subscription = parse_subscription(header->topic, header->exp.value_or("*"), header->exp_type.value_or("TAG"), 0);
  if (!subscription) return request.reply.send(code::kSubscriptionParseFailed, subscription.error().message);

  auto pop = std::make_shared<Pop>();
  pop->reply = std::move(request.reply);
  pop->from = std::move(request.from);
  pop->queue_id = header->queue_id;
  pop->wanted.group = std::move(header->consumer_group);
  pop->wanted.topic = std::move(header->topic);
  pop->wanted.max_messages = static_cast<std::size_t>(header->max_messages);
  pop->wanted.invisible_ms = header->invisible_time_ms;
  pop->wanted.from_max = header->init_mode == 1;
  pop->wanted.order = header->order.value_or(false);
  pop->wanted.attempt_id = header->attempt_id.value_or("");
  pop->wanted.subscription = std::move(*subscription);
  pop->wanted.broker_name = broker.config.broker_name;
  const auto wait = std::chrono::milliseconds(std::clamp<std::int64_t>(header->poll_time_ms, 0, kPollMsMax));
  serve(broker, std::move(pop), Arrivals::Clock::now() + wait);
}

}  // namespace gantry::broker
