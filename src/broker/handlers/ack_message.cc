// ACK_MESSAGE (200051): one popped message is done. A receipt whose time is over is no error: its message comes back.
// Rule: org.apache.rocketmq.broker.processor.AckMessageProcessor.
#include "broker/handlers/handlers.h"
#include "broker/handlers/pop_support.h"
#include "broker/pops.h"
#include "wire/headers/pop.h"

namespace gantry::broker {

void handle_ack_message(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::AckMessageRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  auto receipt = wire::decode_receipt(header->extra_info);
  if (!receipt) return request.reply.send(wire::response_code::kMessageIllegal, receipt.error().message);
  auto key =
      key_of_receipt(broker, request.reply, header->consumer_group, header->topic, header->queue_id, header->offset);
  if (!key) return;
  if (receipt->revive_queue_id == wire::kPopOrderReviveQueue) {
    if (broker.pops.ack_ordered(*key, header->offset, receipt->pop_time_ms) == queueing::OrderedPop::Ack::unknown) {
      return request.reply.send(wire::response_code::kMessageIllegal,
                                fmt::format("offset {} is not in flight in order", header->offset));
    }
  } else {
    broker.pops.ack(*key, batch_id(*receipt), header->offset);
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
