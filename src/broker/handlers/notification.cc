// NOTIFICATION (200054): is there something to pop? Waits like a pop, takes nothing.
// Rule: org.apache.rocketmq.broker.processor.NotificationProcessor.
#include <algorithm>

#include "broker/arrivals.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/pop_support.h"
#include "broker/pops.h"
#include "broker/topics.h"
#include "queueing/topic_names.h"
#include "wire/headers/pop.h"

namespace gantry::broker {
namespace {

struct Waiting {
  remoting::Reply reply;
  std::shared_ptr<remoting::Peer> from;
  std::int32_t queue_id = -1;
  Pops::Wanted wanted;
};

bool any_in(BrokerContext& broker, Topic* topic, std::int32_t queue_id, const Pops::Wanted& wanted) {
  if (topic == nullptr) return false;
  if (queue_id >= 0) return broker.pops.has_messages(*topic, queue_id, wanted);
  for (std::int32_t id = 0; id < topic->config.read_queue_nums; ++id) {
    if (broker.pops.has_messages(*topic, id, wanted)) return true;
  }
  return false;
}

void serve(BrokerContext& broker, std::shared_ptr<Waiting> waiting, Arrivals::Clock::time_point deadline) {
  if (!waiting->from->is_open()) return;
  waiting->wanted.pop_time_ms = broker.now_ms();
  wire::NotificationResponseHeader header;
  header.has_msg =
      any_in(broker, broker.topics.find(waiting->wanted.topic), waiting->queue_id, waiting->wanted) ||
      any_in(broker, broker.topics.find(queueing::pop_retry_topic(waiting->wanted.topic, waiting->wanted.group)), -1,
             waiting->wanted);
  if (!header.has_msg && Arrivals::Clock::now() < deadline) {
    auto waits =
        broker.arrivals.wait(waiting->wanted.topic, waiting->queue_id < 0 ? Arrivals::kAnyQueue : waiting->queue_id,
                             deadline, [&broker, waiting, deadline](bool) { serve(broker, waiting, deadline); });
    if (waits) return;
    header.polling_full = true;
  }
  waiting->reply.send(response_with(waiting->reply, header));
}

}  // namespace

void handle_notification(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::NotificationRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr)
    return request.reply.send(wire::response_code::kTopicNotExist, fmt::format("topic[{}] not exist", header->topic));
  if (header->queue_id >= topic->config.read_queue_nums) {
    return request.reply.send(wire::response_code::kInvalidParameter,
                              fmt::format("queueId[{}] is illegal, topic[{}] has {} queues to read", header->queue_id,
                                          header->topic, topic->config.read_queue_nums));
  }
  auto waiting = std::make_shared<Waiting>();
  waiting->reply = std::move(request.reply);
  waiting->from = std::move(request.from);
  waiting->queue_id = header->queue_id;
  waiting->wanted.group = std::move(header->consumer_group);
  waiting->wanted.topic = std::move(header->topic);
  waiting->wanted.order = header->order.value_or(false);
  waiting->wanted.attempt_id = header->attempt_id.value_or("");
  const auto wait = std::chrono::milliseconds(std::clamp<std::int64_t>(header->poll_time_ms, 0, kPollMsMax));
  serve(broker, std::move(waiting), Arrivals::Clock::now() + wait);
}

}  // namespace gantry::broker
