// PUT_KV_CONFIG (100). Rule: org.apache.rocketmq.namesrv.kvconfig.KVConfigManager.
#include "broker/handlers/handlers.h"
#include "broker/setting_keys.h"
#include "store/store.h"
#include "wire/headers/route.h"

namespace gantry::broker {

void handle_put_kv_config(BrokerContext& broker, remoting::Request request) {
  constexpr std::size_t kKeysMax = 10'000;  // in a namespace, and namespaces
  auto header = wire::decode_header<wire::PutKVConfigRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  if (header->name_space.empty() || header->key.empty() || header->name_space.find('\0') != std::string::npos) {
    return request.reply.send(wire::response_code::kSystemError, "namespace or key is null");
  }
  if (broker.kv_configs.size() >= kKeysMax || broker.kv_configs[header->name_space].size() >= kKeysMax) {
    return request.reply.fail(Error{Errc::resource_exhausted, "there are too many configurations"});
  }
  broker.store.put(setting_keys::kv_key({header->name_space, header->key}), header->value);
  broker.kv_configs[header->name_space][header->key] = std::move(header->value);
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
