#include "broker/pop_settings.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/parse_number.h"

namespace gantry::broker::pop_settings {
namespace {

// "pop-next\nGROUP\nTOPIC\nQUEUE" -> next offset, "pop-batch\nGROUP\nTOPIC\nQUEUE\nSTART\nTIME" -> batch
constexpr std::string_view kNextPrefix = "pop-next\n";
constexpr std::string_view kBatchPrefix = "pop-batch\n";

std::string next_name(const PopKey& key) {
  return fmt::format("{}{}\n{}\n{}", kNextPrefix, key.group, key.topic, key.queue_id);
}

std::string batch_name(const PopKey& key, queueing::PopBatchId id) {
  return fmt::format("{}{}\n{}\n{}\n{}\n{}", kBatchPrefix, key.group, key.topic, key.queue_id, id.start_offset,
                     id.pop_time_ms);
}

// GROUP\nTOPIC\nQUEUE and what follows.
std::optional<PopKey> parse_key(std::string_view text) {
  std::vector<std::string_view> parts;
  while (parts.size() < 3) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto queue_id = parse_number<std::int64_t>(parts[2]);
  if (!queue_id || parts[0].empty() || parts[1].empty()) return std::nullopt;
  return PopKey{std::string(parts[0]), std::string(parts[1]), static_cast<std::int32_t>(*queue_id)};
}

}  // namespace

Result<std::map<PopKey, Stored>> load(store::Store& store) {
  std::map<PopKey, Stored> stored;
  std::optional<Error> broken;
  auto corrupt = [&](std::string_view name, std::string_view what) {
    broken = Error{Errc::corrupt, fmt::format("setting {}: {}", name, what)};
  };
  auto positions = store.for_each_setting(kNextPrefix, [&](std::string_view name, std::string_view value) {
    const auto key = parse_key(name.substr(kNextPrefix.size()));
    const auto next = parse_number<std::int64_t>(value);
    if (!key || !next) return corrupt(name, key ? "not an offset" : "not a POP key");
    stored[*key].next_offset = *next;
  });
  if (!positions) return std::unexpected(positions.error());
  auto batches = store.for_each_setting(kBatchPrefix, [&](std::string_view name, std::string_view value) {
    const auto key = parse_key(name.substr(kBatchPrefix.size()));
    auto batch = queueing::PopBatch::decode(value);
    if (!key || !batch) return corrupt(name, batch ? "not a POP key" : batch.error().message);
    stored[*key].batches.push_back(std::move(*batch));
  });
  if (!batches) return std::unexpected(batches.error());
  if (broken) return std::unexpected(*broken);
  return stored;
}

void put_position(store::Store& store, const PopKey& key, std::int64_t next_offset) {
  store.put(next_name(key), std::to_string(next_offset));
}

void erase_position(store::Store& store, const PopKey& key) { store.erase(next_name(key)); }

void put_batch(store::Store& store, const PopKey& key, const queueing::PopBatch& batch) {
  store.put(batch_name(key, batch.id), batch.encode());
}

void erase_batch(store::Store& store, const PopKey& key, queueing::PopBatchId id) { store.erase(batch_name(key, id)); }

}  // namespace gantry::broker::pop_settings
