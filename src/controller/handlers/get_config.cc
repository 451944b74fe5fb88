// GET_CONTROLLER_CONFIG (1010): the settings of this controller, as lines of a properties file.
#include "controller/handlers/handlers.h"
#include "controller/live_settings.h"

namespace gantry::controller {

void handle_get_config(ControllerContext& controller, remoting::Request request) {
  auto response = request.reply.response(wire::response_code::kSuccess);
  response.body = controller.settings.text();
  request.reply.send(std::move(response));
}

}  // namespace gantry::controller
