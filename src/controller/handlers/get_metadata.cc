// CONTROLLER_GET_METADATA_INFO (1005): which controller to ask. Answered from what this node knows of the others.
#include "controller/directory.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_get_metadata(ControllerContext& controller, remoting::Request request) {
  request.reply.send(response_with(request.reply, controller.directory.metadata(controller.replica)));
}

}  // namespace gantry::controller
