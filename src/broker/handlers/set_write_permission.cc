// WIPE_WRITE_PERM_OF_BROKER (205) and ADD_WRITE_PERM_OF_BROKER (327): routes tell producers to write elsewhere, before
// a broker is taken down, or here again. Until the process ends, as with a name server. Topics keep their permissions.
// Rule: org.apache.rocketmq.namesrv.routeinfo.RouteInfoManager.operateWritePermOfBroker.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/headers/route.h"

namespace gantry::broker {

void handle_set_write_permission(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::WipeWritePermOfBrokerRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const bool wipe = request.command.code == wire::request_code::kWipeWritePermOfBroker;
  std::int32_t topics = 0;  // of a broker that is not known: none
  if (header->broker_name == broker.config.broker_name) {
    broker.write_permission_wiped = wipe;
    topics = static_cast<std::int32_t>(broker.topics.size());
  }
  if (wipe) {
    request.reply.send(response_with(request.reply, wire::WipeWritePermOfBrokerResponseHeader{topics}));
  } else {
    request.reply.send(response_with(request.reply, wire::AddWritePermOfBrokerResponseHeader{topics}));
  }
}

}  // namespace gantry::broker
