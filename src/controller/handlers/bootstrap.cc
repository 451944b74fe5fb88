// Our own request 19014: an operator says that the silent peers of a node without data have none either, and never will:
// it forms a group without having heard them, `gantry controller bootstrap --force`.
#include "controller/answers.h"
#include "controller/handlers/handlers.h"

namespace gantry::controller {

void handle_bootstrap(ControllerContext& controller, remoting::Request request) {
  if (auto formed = controller.bootstrap(); !formed) return refuse(request.reply, formed.error());
  request.reply.send(request.reply.response(wire::response_code::kSuccess));
}

}  // namespace gantry::controller
