// CHECK_CLIENT_CONFIG (46): may a consumer use its filter expression here? Rule: ClientManageProcessor.checkClientConfig.
#include "broker/handlers/handlers.h"
#include "wire/bodies/heartbeat.h"

namespace gantry::broker {

void handle_check_client_config(BrokerContext&, remoting::Request request) {
  auto body = wire::decode_body<wire::CheckClientRequestBody>(request.command.body);
  if (!body) return request.reply.fail(body.error());
  const std::string& type = body->subscription_data.expression_type;
  if (!type.empty() && type != wire::kExpressionTag) {
    return request.reply.send(wire::response_code::kSystemError,
                              "The broker does not support consumer to filter message by " + type);
  }
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::broker
