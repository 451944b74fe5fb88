// CHANGE_MESSAGE_INVISIBLETIME (200053): a popped message stays away longer, or comes back sooner. The client makes the
// new receipt from the answer. Rule: org.apache.rocketmq.broker.processor.ChangeInvisibleTimeProcessor.
#include "broker/handlers/handlers.h"
#include "broker/handlers/pop_support.h"
#include "broker/pops.h"
#include "wire/headers/pop.h"

namespace gantry::broker {

namespace code = wire::response_code;

void handle_change_invisible_time(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::ChangeInvisibleTimeRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (header->invisible_time_ms < 0 || header->invisible_time_ms > kInvisibleMsMax) {
    return request.reply.send(code::kInvalidParameter, fmt::format("invisibleTime: expected 0 to {} ms, got {}",
                                                                   kInvisibleMsMax, header->invisible_time_ms));
  }
  auto receipt = wire::decode_receipt(header->extra_info);
  if (!receipt) return request.reply.send(code::kMessageIllegal, receipt.error().message);
  auto key =
      key_of_receipt(broker, request.reply, header->consumer_group, header->topic, header->queue_id, header->offset);
  if (!key) return;
  wire::ChangeInvisibleTimeResponseHeader answer;
  answer.revive_queue_id = receipt->revive_queue_id;
  answer.invisible_time_ms = header->invisible_time_ms;
  if (receipt->revive_queue_id == wire::kPopOrderReviveQueue) {
    const std::int64_t visible_at_ms = broker.now_ms() + header->invisible_time_ms;
    broker.pops.renew_ordered(*key, header->offset, receipt->pop_time_ms, visible_at_ms);
    answer.pop_time_ms = receipt->pop_time_ms;
    answer.invisible_time_ms = visible_at_ms - receipt->pop_time_ms;
  } else {
    const auto id = broker.pops.renew(*key, batch_id(*receipt), header->offset, header->invisible_time_ms);
    if (!id) {
      return request.reply.send(
          code::kNoMessage,
          fmt::format("offset {} of topic[{}] is not in flight under this receipt", header->offset, header->topic));
    }
    answer.pop_time_ms = id->pop_time_ms;
  }
  auto response = response_with(request.reply, answer);
  broker.reply_when_durable(std::move(request.reply), std::move(response));
}

}  // namespace gantry::broker
