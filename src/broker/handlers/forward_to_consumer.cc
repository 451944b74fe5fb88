// Requests that the broker passes on to one consumer and whose answer it passes back: GET_CONSUMER_RUNNING_INFO (307),
// CONSUME_MESSAGE_DIRECTLY (309). Rule: AdminBrokerProcessor.callConsumer.
#include "broker/clients.h"
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "store/store.h"
#include "wire/message_id.h"

namespace gantry::broker {

void handle_forward_to_consumer(BrokerContext& broker, remoting::Request request) {
  constexpr std::chrono::seconds kTimeout{10};
  namespace code = wire::response_code;
  const std::string group(request.command.fields.get("consumerGroup"));
  const std::string client(request.command.fields.get("clientId"));
  auto peer = broker.clients.consumer_peer(group, client);
  if (!peer)
    return request.reply.send(code::kSystemError, fmt::format("The Consumer <{}> <{}> not online", group, client));
  if (request.command.code == wire::request_code::kConsumeMessageDirectly) {
    const auto id = wire::decode_offset_message_id(request.command.fields.get("msgId"));
    if (!id) return request.reply.fail(id.error());
    auto record = broker.store.log().record_at(static_cast<std::uint64_t>(id->physical_offset));
    if (!record) return request.reply.fail(record.error());
    request.command.body = std::move(*record);
  }
  wire::Command forwarded = wire::make_request(request.command.code);
  forwarded.fields = std::move(request.command.fields);
  forwarded.body = std::move(request.command.body);
  forwarded.fields.set("brokerName", broker.config.broker_name);
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  peer->send_request(std::move(forwarded), kTimeout, [reply, group, client](Result<wire::Command> answer) {
    if (!answer) {
      return reply->send(wire::response_code::kConsumeMsgTimeout,
                         fmt::format("consumer <{}> <{}> did not answer: {}", group, client, answer.error().message));
    }
    wire::Command response = reply->response(answer->code, answer->remark);
    response.fields = std::move(answer->fields);
    response.body = std::move(answer->body);
    reply->send(std::move(response));
  });
}

}  // namespace gantry::broker
