// BATCH_ACK_MESSAGE (200151): several popped messages are done. What is not there any more is passed over, as for one.
// Rule: org.apache.rocketmq.broker.processor.AckMessageProcessor.
#include "broker/handlers/handlers.h"
#include "broker/handlers/pop_support.h"
#include "broker/pops.h"
#include "wire/bodies/batch_ack.h"
#include "wire/body.h"

namespace gantry::broker {

void handle_batch_ack_message(BrokerContext& broker, remoting::Request request) {
  auto body = wire::decode_body<wire::BatchAckMessageRequestBody>(request.command.body);
  if (!body || body->acks.empty()) {
    return request.reply.send(wire::response_code::kNoMessage,
                              body ? "no acknowledgement in the body" : body.error().message);
  }
  for (const wire::BatchAck& ack : body->acks) {
    const auto kind = ack.retry.size() == 1 ? static_cast<wire::RetryKind>(ack.retry[0]) : wire::RetryKind::normal;
    const Pops::Key key{ack.consumer_group, wire::real_topic(ack.topic, ack.consumer_group, kind), ack.queue_id};
    for (std::uint32_t bit : ack.bit_set.ones()) {
      const std::int64_t offset = ack.start_offset + bit;
      if (ack.revive_queue_id == wire::kPopOrderReviveQueue) {
        broker.pops.ack_ordered(key, offset, ack.pop_time_ms);
      } else {
        broker.pops.ack(key, {ack.start_offset, ack.pop_time_ms}, offset);
      }
    }
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
