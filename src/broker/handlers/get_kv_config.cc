// GET_KV_CONFIG (101). Rule: DefaultRequestProcessor.getKVConfig.
#include "broker/handlers/handlers.h"
#include "wire/headers/route.h"

namespace gantry::broker {

void handle_get_kv_config(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::GetKVConfigRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (auto space = broker.kv_configs.find(header->name_space); space != broker.kv_configs.end()) {
    if (auto found = space->second.find(header->key); found != space->second.end()) {
      return request.reply.send(response_with(request.reply, wire::GetKVConfigResponseHeader{found->second}));
    }
  }
  request.reply.send(wire::response_code::kQueryNotFound,
                     fmt::format("No config item, Namespace: {} Key: {}", header->name_space, header->key));
}

}  // namespace gantry::broker
