#include "broker/pop_settings.h"

#include <string_view>

#include "base/parse_number.h"
#include "broker/setting_keys.h"
#include "broker/stored_settings.h"

namespace gantry::broker::pop_settings {
namespace {

setting_keys::GroupQueue queue_of(const PopKey& key) { return {key.group, key.topic, key.queue_id}; }

PopKey to_pop_key(const setting_keys::GroupQueue& queue) {
  return {std::string(queue.group), std::string(queue.topic), queue.queue_id};
}

}  // namespace

Result<std::map<PopKey, Stored>> load(store::Store& store) {
  std::map<PopKey, Stored> stored;
  auto read = read_settings(store, setting_keys::kPopNextPrefix,
                            [&](std::string_view name, std::string_view value) -> Result<void> {
                              const auto key = setting_keys::parse_pop_next_key(name);
                              const auto next = parse_number<std::int64_t>(value);
                              if (!key || !next)
                                return fail(Errc::corrupt, "{}", key ? "not an offset" : "not a POP key");
                              stored[to_pop_key(*key)].next_offset = *next;
                              return {};
                            });
  if (!read) return std::unexpected(read.error());
  read = read_settings(store, setting_keys::kPopBatchPrefix,
                       [&](std::string_view name, std::string_view value) -> Result<void> {
                         const auto key = setting_keys::parse_pop_batch_key(name);
                         auto batch = queueing::PopBatch::decode(value);
                         if (!key) return fail(Errc::corrupt, "not a POP key");
                         if (!batch) return fail(Errc::corrupt, "{}", batch.error().message);
                         stored[to_pop_key(*key)].batches.push_back(std::move(*batch));
                         return {};
                       });
  if (!read) return std::unexpected(read.error());
  return stored;
}

void put_position(store::Store& store, const PopKey& key, std::int64_t next_offset) {
  store.put(setting_keys::pop_next_key(queue_of(key)), std::to_string(next_offset));
}

void erase_position(store::Store& store, const PopKey& key) { store.erase(setting_keys::pop_next_key(queue_of(key))); }

void put_batch(store::Store& store, const PopKey& key, const queueing::PopBatch& batch) {
  store.put(setting_keys::pop_batch_key(queue_of(key), batch.id), batch.encode());
}

void erase_batch(store::Store& store, const PopKey& key, queueing::PopBatchId id) {
  store.erase(setting_keys::pop_batch_key(queue_of(key), id));
}

}  // namespace gantry::broker::pop_settings
