// GET_KVLIST_BY_NAMESPACE (219). Rule: DefaultRequestProcessor.getKVListByNamespace.
#include "broker/handlers/handlers.h"
#include "wire/bodies/kv_table.h"
#include "wire/headers/route.h"

namespace gantry::broker {

void handle_get_kv_list(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetKVListByNamespaceRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  auto space = broker.kv_configs.find(header->name_space);
  if (space == broker.kv_configs.end()) {
    return request.reply.send(wire::response_code::kQueryNotFound, "No config item, Namespace: " + header->name_space);
  }
  send_body(request.reply, wire::encode_body(wire::KVTable{space->second}));
}

}  // namespace gantry::broker
