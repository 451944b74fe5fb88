// BROKER_HEARTBEAT (904), one-way from every broker to every controller, each second.
#include "controller/handlers/handlers.h"
#include "replication/limits.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_heartbeat(ControllerContext& controller, remoting::Request request) {
  auto header = wire::decode_header<wire::BrokerHeartbeatRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  if (!header->broker_id) {
    return request.reply.send(wire::response_code::kControllerInvalidRequest,
                              "a heartbeat without brokerId: is the broker in controller mode (enableControllerMode)?");
  }
  if (header->broker_name.size() > replication::kNameBytesMax ||
      header->cluster_name.size() > replication::kNameBytesMax ||
      header->broker_addr.size() > replication::kAddressBytesMax) {
    return request.reply.send(wire::response_code::kControllerInvalidRequest, "a heartbeat with a name over the limit");
  }
  Heartbeat heartbeat;  // what is not said is what the Java controller takes in its place
  heartbeat.cluster_name = header->cluster_name;
  heartbeat.broker_name = header->broker_name;
  heartbeat.broker_id = *header->broker_id;
  heartbeat.address = header->broker_addr;
  heartbeat.epoch = header->epoch.value_or(heartbeat.epoch);
  heartbeat.max_offset = header->max_offset.value_or(heartbeat.max_offset);
  heartbeat.timeout_ms = header->heartbeat_timeout_ms.value_or(heartbeat.timeout_ms);
  heartbeat.priority = header->election_priority.value_or(heartbeat.priority);
  heartbeat.connection = request.from->id();
  controller.replica.heartbeat(heartbeat);
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::controller
