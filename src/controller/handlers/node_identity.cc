// Our own request 19003: whether this controller has data, and of which group; asked by peers that have none.
#include "controller/founding.h"
#include "controller/handlers/handlers.h"

namespace gantry::controller {

void handle_node_identity(ControllerContext& controller, remoting::Request request) {
  auto response = request.reply.response(wire::response_code::kSuccess);
  response.body = peer_identity_body(controller.config, controller.identity, controller.replica.members());
  request.reply.send(std::move(response));
}

}  // namespace gantry::controller
