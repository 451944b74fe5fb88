// VIEW_MESSAGE_BY_ID (33). Rule: org.apache.rocketmq.broker.processor.QueryMessageProcessor.viewMessageById.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "store/store.h"
#include "wire/headers/admin.h"
#include "wire/message.h"

namespace gantry::broker {

void handle_view_message(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::ViewMessageRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  auto record = broker.store.log().record_at(static_cast<std::uint64_t>(header->offset));
  if (!record) {
    return request.reply.send(wire::response_code::kSystemError,
                              fmt::format("can not find message by the offset, {}", header->offset));
  }
  if (!broker.config.users.empty() && header->topic) {
    // the right to look was given by topic: an offset must not lead to a message of another one
    auto message = wire::decode_record(*record);
    if (!message || message->topic != *header->topic) {
      return request.reply.send(wire::response_code::kNoPermission,
                                fmt::format("the message at {} is not of topic {}", header->offset, *header->topic));
    }
  }
  send_body(request.reply, std::move(*record));
}

}  // namespace gantry::broker
