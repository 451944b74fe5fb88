// INVOKE_BROKER_TO_RESET_OFFSET (222): sets a group's offsets by time, and tells its consumers (220) to go on from there.
// Rule: AdminBrokerProcessor.resetOffset, org.apache.rocketmq.broker.client.net.Broker2Client.resetOffset.
#include "wire/bodies/reset_offset.h"

#include <algorithm>

#include "broker/clients.h"
#include "broker/config.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/offsets.h"
#include "broker/topics.h"
#include "store/store.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

namespace {

Result<std::int64_t> wanted_offset(BrokerContext& broker, Topic& topic, std::int32_t queue_id,
                                   const wire::ResetOffsetRequestHeader& header) {
  const std::int64_t first = min_offset(broker, topic, queue_id), end = max_offset(broker, topic, queue_id);
  if (header.offset && header.queue_id >= 0) return std::clamp(*header.offset, first, end);
  if (header.timestamp_ms == -1) return end;
  const store::Queue* queue = broker.topics.written_queue(topic, queue_id);
  if (queue == nullptr) return 0;
  return broker.store.log().offset_at_time(*queue, header.timestamp_ms);
}

void tell_consumers(BrokerContext& broker, const wire::ResetOffsetRequestHeader& header,
                    const wire::ResetOffsetBody& body) {
  const auto* group = broker.clients.consumers().find(header.group);
  if (group == nullptr) return;
  wire::Command request = wire::make_request(wire::request_code::kResetConsumerClientOffset, header);
  request.body = wire::encode_body(body);
  for (const auto& [connection, member] : group->members) {
    if (auto peer = broker.clients.peer(connection)) peer->send_oneway(request);
  }
}

}  // namespace

void handle_reset_offset(BrokerContext& broker, remoting::Request request) {
  namespace code = wire::response_code;
  auto header = wire::decode_header<wire::ResetOffsetRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr)
    return request.reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist", header->topic));
  if (broker.groups.find(header->group) == nullptr) {
    return request.reply.send(code::kSubscriptionGroupNotExist, fmt::format("group {} does not exist", header->group));
  }
  if (header->queue_id >= topic->queue_count()) {
    return request.reply.send(code::kInvalidParameter, fmt::format("queueId[{}] is illegal", header->queue_id));
  }
  const std::int32_t first = header->queue_id >= 0 ? header->queue_id : 0;
  const std::int32_t last = header->queue_id >= 0 ? header->queue_id : topic->config.write_queue_nums - 1;
  wire::ResetOffsetBody body;
  for (std::int32_t id = first; id <= last; ++id) {
    auto wanted = wanted_offset(broker, *topic, id, *header);
    if (!wanted) return request.reply.fail(wanted.error());
    const auto current = broker.offsets.find(header->group, header->topic, id);
    const std::int64_t offset = header->is_force || !current || *wanted < *current ? *wanted : *current;
    body.offset_table.emplace(wire::MessageQueue{broker.config.broker_name, id, header->topic}, offset);
  }
  for (const auto& [queue, offset] : body.offset_table) {
    broker.offsets.commit(header->group, header->topic, queue.queue_id, offset);
    if (broker.on_offset_reset) broker.on_offset_reset(header->group, header->topic, queue.queue_id, offset);
  }
  tell_consumers(broker, *header, body);
  auto response = request.reply.response(code::kSuccess);
  response.body = wire::encode_body(body);
  broker.reply_when_durable(std::move(request.reply), std::move(response));
}

}  // namespace gantry::broker
