// DELETE_KV_CONFIG (102). Rule: DefaultRequestProcessor.deleteKVConfig.
#include "broker/handlers/handlers.h"
#include "broker/setting_keys.h"
#include "store/store.h"
#include "wire/headers/route.h"

namespace gantry::broker {

void handle_delete_kv_config(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::DeleteKVConfigRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (auto space = broker.kv_configs.find(header->name_space); space != broker.kv_configs.end()) {
    space->second.erase(header->key);
    broker.store.erase(setting_keys::kv_key({header->name_space, header->key}));
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
