// Our own request 19003: whether this controller has data, and of which group; asked by peers that have none, and by each
// controller of its own address (twins.h).
#include "controller/founding.h"
#include "controller/handlers/handlers.h"
#include "controller/twins.h"

namespace gantry::controller {

void handle_node_identity(ControllerContext& controller, remoting::Request request) {
  controller.twins.asked(request.command.body);
  auto response = request.reply.response(wire::response_code::kSuccess);
  response.body = peer_identity_body(controller.config, controller.identity, controller.replica.members(),
                                     controller.twins.instance());
  request.reply.send(std::move(response));
}

}  // namespace gantry::controller
