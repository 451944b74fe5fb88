// QUERY_CONSUME_TIME_SPAN (303). Rule: AdminBrokerProcessor.queryConsumeTimeSpan: times are -1 where there is no message.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/offsets.h"
#include "broker/topics.h"
#include "wire/bodies/stats.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_query_consume_time_span(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QueryConsumeTimeSpanRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  Topic* topic = broker.topics.find(header->topic);
  if (topic == nullptr) {
    return request.reply.send(wire::response_code::kTopicNotExist, fmt::format("topic[{}] not exist", header->topic));
  }
  wire::QueryConsumeTimeSpanBody body;
  for (std::int32_t id = 0; id < topic->config.write_queue_nums; ++id) {
    const auto time_at = [&](std::int64_t offset) { return store_time_ms(broker, *topic, id, offset).value_or(-1); };
    const std::int64_t end = max_offset(broker, *topic, id);
    const std::int64_t consumed = broker.offsets.find(header->group, header->topic, id).value_or(-1);
    wire::QueueTimeSpan span;
    span.message_queue = {broker.config.broker_name, id, header->topic};
    span.min_timestamp_ms = time_at(min_offset(broker, *topic, id));
    span.max_timestamp_ms = time_at(end - 1);
    span.consume_timestamp_ms = consumed > 0 ? time_at(consumed - 1) : span.min_timestamp_ms;
    if (consumed < end) span.delay_time_ms = broker.now_ms() - time_at(consumed);
    body.consume_time_span_set.push_back(std::move(span));
  }
  send_body(request.reply, wire::encode_body(body));
}

}  // namespace gantry::broker
