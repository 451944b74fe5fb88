// CONTROLLER_GET_SYNC_STATE_DATA (1006): replica sets by name, as operators see them. Linearizable but for `alive`, which
// is what this controller's heartbeats say.
#include "controller/answers.h"
#include "controller/handlers/handlers.h"
#include "replication/limits.h"
#include "wire/bodies/controller.h"

namespace gantry::controller {

namespace {

// Answered in one turn of the loop, in which nothing else is: some milliseconds. mqadmin asks for one cluster's names at most.
constexpr std::size_t kNamesMax = 1'000;
constexpr std::size_t kBodyBytesMax = kNamesMax * (replication::kNameBytesMax + 5);

wire::ReplicasInfo info_of(const replication::ReplicaSet& set, const Replica& replica) {
  wire::ReplicasInfo info;
  info.master_epoch = set.master_epoch;
  info.sync_state_set_epoch = set.sync_state_set_epoch;
  if (set.master_id) {
    info.master_broker_id = set.master_id;
    info.master_address = std::string(set.master_address());
  }
  for (const auto& member : set.members) {
    wire::ReplicaIdentity identity;
    identity.alive = replica.liveness().alive(set.cluster_name, set.broker_name, member.broker_id, replica.now());
    identity.broker_id = member.broker_id;
    identity.broker_name = set.broker_name;
    identity.broker_address = member.address;
    (set.in_sync(member.broker_id) ? info.in_sync_replicas : info.not_in_sync_replicas).push_back(std::move(identity));
  }
  return info;
}

}  // namespace

void handle_get_sync_state_data(ControllerContext& controller, remoting::Request request) {
  if (request.command.body.empty()) return request.reply.send(wire::response_code::kSuccess);  // as the Java controller
  if (request.command.body.size() > kBodyBytesMax) {
    return request.reply.send(wire::response_code::kControllerInvalidRequest,
                              fmt::format("names of {} bytes at once are more than {}: ask for them in parts",
                                          request.command.body.size(), kBodyBytesMax));
  }
  auto names = wire::decode_body<wire::BrokerNames>(request.command.body);
  if (!names) return request.reply.send(wire::response_code::kControllerInvalidRequest, names.error().message);
  if (names->size() > kNamesMax) {
    return request.reply.send(
        wire::response_code::kControllerInvalidRequest,
        fmt::format("{} names at once are more than {}: ask for them in parts", names->size(), kNamesMax));
  }
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.replica.read([reply, &replica = controller.replica, names = std::move(*names)](const Result<void>& ready) {
    if (!ready) return refuse(*reply, ready.error());
    wire::BrokerReplicasInfo body;
    for (const std::string& name : names) {
      if (const auto* set = replica.state().find(name)) body.replicas_info_table.emplace(name, info_of(*set, replica));
    }
    auto response = reply->response(wire::response_code::kSuccess);
    response.body = wire::encode_body(body);
    reply->send(std::move(response));
  });
}

}  // namespace gantry::controller
