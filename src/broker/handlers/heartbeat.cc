// HEART_BEAT (34). Rule: org.apache.rocketmq.broker.processor.ClientManageProcessor.heartBeat.
#include "wire/bodies/heartbeat.h"

#include "broker/clients.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "queueing/topic_names.h"

namespace gantry::broker {

namespace {

Result<void> register_consumer(BrokerContext& broker, const queueing::Member& member, const wire::ConsumerData& data) {
  auto group = broker.groups.get(data.group_name);
  if (!group) return std::unexpected(group.error());
  if (data.message_model == wire::kClustering && (*group)->retry_queue_nums > 0) {
    // consumers subscribe to their retry topic before the first message is sent back
    if (auto retry = broker.topics.ensure(queueing::retry_topic(data.group_name), (*group)->retry_queue_nums); !retry) {
      return std::unexpected(retry.error());
    }
  }
  return broker.clients.consumer_heartbeat(data.group_name,
                                           {data.consume_type, data.message_model, data.consume_from_where}, member,
                                           data.subscription_data_set);
}

}  // namespace

void handle_heartbeat(BrokerContext& broker, remoting::Request request) {
  auto data = wire::decode_heartbeat(request.command.body);
  if (!data) return request.reply.fail(data.error());
  broker.clients.saw(request.from);
  const queueing::Member member{.client_id = data->client_id,
                                .connection = request.from->id(),
                                .address = request.from->address(),
                                .language = request.command.language.code,
                                .version = request.command.version,
                                .last_seen_ms = broker.now_ms()};
  for (const auto& consumer : data->consumer_data_set) {
    if (auto result = register_consumer(broker, member, consumer); !result) return request.reply.fail(result.error());
  }
  for (const auto& producer : data->producer_data_set) {
    if (auto result = broker.clients.producer_heartbeat(producer.group_name, member); !result)
      return request.reply.fail(result.error());
  }
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::broker
