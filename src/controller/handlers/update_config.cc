// UPDATE_CONTROLLER_CONFIG (1009): an operator changes a setting of this controller.
#include <spdlog/spdlog.h>

#include "controller/handlers/handlers.h"
#include "controller/live_settings.h"

namespace gantry::controller {

void handle_update_config(ControllerContext& controller, remoting::Request request) {
  const auto passed_over = controller.settings.update(request.command.body);
  if (!passed_over) {
    const bool denied = passed_over.error().code == Errc::permission_denied;
    return request.reply.send(
        denied ? wire::response_code::kNoPermission : wire::response_code::kControllerInvalidRequest,
        passed_over.error().message);
  }
  spdlog::info("controller: settings changed by {}", request.from->address());
  for (const std::string& name : *passed_over) {
    spdlog::warn("controller: {} asked for another {}, which this controller does not have", request.from->address(),
                 name);
  }
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::controller
