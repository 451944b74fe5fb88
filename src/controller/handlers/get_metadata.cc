// CONTROLLER_GET_METADATA_INFO (1005): whom to ask for everything else. A broker believes it to be the leader and sticks to
// it; every controller answers everything, so where brokers are spread it need not be.
#include "controller/directory.h"
#include "controller/doors.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

namespace {

// Only brokers are spread, known by their heartbeats on the same connection: tools that ask mean the leader.
std::optional<raft::NodeId> given_to(const ControllerContext& controller, const remoting::Request& request) {
  if (!controller.doors || !request.from) return std::nullopt;
  const auto broker = controller.replica.liveness().identity(request.from->id());
  if (!broker) return std::nullopt;
  const auto open = controller.doors->open();
  return open.empty() ? std::nullopt : std::optional(node_for(*broker, open));
}

}  // namespace

void handle_get_metadata(ControllerContext& controller, remoting::Request request) {
  const auto header = controller.directory.metadata(controller.replica, given_to(controller, request));
  request.reply.send(response_with(request.reply, header));
}

}  // namespace gantry::controller
