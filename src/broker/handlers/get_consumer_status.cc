// INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223): asks the consumers of a group (221) how far each of their queues is.
// Rule: AdminBrokerProcessor.getConsumerStatus, org.apache.rocketmq.broker.client.net.Broker2Client.getConsumeStatus.
#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "wire/bodies/reset_offset.h"
#include "wire/body.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

namespace {

// Answers when the last copy is gone: every consumer has answered, or will not.
struct StatusGathering {
  remoting::Reply reply;
  wire::GetConsumerStatusBody body;

  explicit StatusGathering(remoting::Reply r) : reply(std::move(r)) {}
  StatusGathering(const StatusGathering&) = delete;
  StatusGathering& operator=(const StatusGathering&) = delete;
  ~StatusGathering() { send_body(reply, wire::encode_body(body)); }
};

}  // namespace

void handle_get_consumer_status(BrokerContext& broker, remoting::Request request) {
  constexpr std::chrono::seconds kTimeout{5};
  auto header = wire::decode_header<wire::GetConsumerStatusRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto* group = broker.clients.consumers().find(header->group);
  if (group == nullptr) {
    return request.reply.send(wire::response_code::kSystemError,
                              fmt::format("No Any Consumer online in the consumer group: [{}]", header->group));
  }
  const std::string only = header->client_addr.value_or("");  // a client id, whatever the field is called
  header->client_addr.reset();
  const wire::Command question = wire::make_request(wire::request_code::kGetConsumerStatusFromClient, *header);
  auto gathering = std::make_shared<StatusGathering>(std::move(request.reply));
  for (const auto& [connection, member] : group->members) {
    if (!only.empty() && only != member.client_id) continue;
    auto peer = broker.clients.peer(connection);
    if (!peer) continue;
    peer->send_request(question, kTimeout, [gathering, client_id = member.client_id](Result<wire::Command> answer) {
      if (!answer || answer->code != wire::response_code::kSuccess) return;
      auto status = wire::decode_body<wire::GetConsumerStatusBody>(answer->body);
      if (status) gathering->body.consumer_table[client_id] = std::move(status->message_queue_table);
    });
  }
}

}  // namespace gantry::broker
