// CONTROLLER_APPLY_BROKER_ID (1013): a new broker takes the id that it was told.
#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_apply_broker_id(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto header = wire::decode_header<wire::ApplyBrokerIdRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  replication::ApplyBrokerId command{header->cluster_name, header->broker_name, header->applied_broker_id,
                                     std::move(header->register_check_code)};
  controller.replica.write(std::move(command), [reply, cluster_name = header->cluster_name, name = header->broker_name](
                                                   const Result<replication::Applied>& applied) {
    if (!applied) return refuse(*reply, applied.error());
    wire::ApplyBrokerIdResponseHeader answer{cluster_name, name};
    reply->send(response_with(*reply, answer, code_of(applied->outcome.verdict), applied->outcome.remark));
  });
}

}  // namespace gantry::controller
