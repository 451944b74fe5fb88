// CONTROLLER_GET_NEXT_BROKER_ID (1012): the id that a new broker has to apply for.
#include "controller/answers.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_get_next_broker_id(ControllerContext& controller, remoting::Request request) {
  auto header = wire::decode_header<wire::GetNextBrokerIdRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.replica.read(
      [reply, &replica = controller.replica, header = std::move(*header)](const Result<void>& ready) {
        if (!ready) return refuse(*reply, ready.error());
        const auto outcome = replica.state().next_broker_id(header.cluster_name, header.broker_name);
        wire::GetNextBrokerIdResponseHeader answer;
        answer.cluster_name = header.cluster_name;
        answer.broker_name = header.broker_name;
        answer.next_broker_id = outcome.next_broker_id;
        reply->send(response_with(*reply, answer, code_of(outcome.verdict), outcome.remark));
      });
}

}  // namespace gantry::controller
