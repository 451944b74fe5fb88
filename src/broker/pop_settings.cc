#include "broker/pop_settings.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/parse_number.h"
#include "broker/setting_keys.h"

namespace gantry::broker::pop_settings {
namespace {

setting_keys::GroupQueue queue_of(const PopKey& key) { return {key.group, key.topic, key.queue_id}; }

PopKey to_pop_key(const setting_keys::GroupQueue& queue) {
  return {std::string(queue.group), std::string(queue.topic), queue.queue_id};
}

}  // namespace

Result<std::map<PopKey, Stored>> load(store::Store& store) {
  std::map<PopKey, Stored> stored;
  std::optional<Error> broken;
  auto corrupt = [&](std::string_view name, std::string_view what) {
    broken = Error{Errc::corrupt, fmt::format("setting {}: {}", name, what)};
  };
  auto positions =
      store.for_each_setting(setting_keys::kPopNextPrefix, [&](std::string_view name, std::string_view value) {
        const auto key = setting_keys::parse_pop_next_key(name);
        const auto next = parse_number<std::int64_t>(value);
        if (!key || !next) return corrupt(name, key ? "not an offset" : "not a POP key");
        stored[to_pop_key(*key)].next_offset = *next;
      });
  if (!positions) return std::unexpected(positions.error());
  auto batches =
      store.for_each_setting(setting_keys::kPopBatchPrefix, [&](std::string_view name, std::string_view value) {
        const auto key = setting_keys::parse_pop_batch_key(name);
        auto batch = queueing::PopBatch::decode(value);
        if (!key || !batch) return corrupt(name, batch ? "not a POP key" : batch.error().message);
        stored[to_pop_key(*key)].batches.push_back(std::move(*batch));
      });
  if (!batches) return std::unexpected(batches.error());
  if (broken) return std::unexpected(*broken);
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
