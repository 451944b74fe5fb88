#include "broker/setting_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/parse_number.h"
#include "store/bytes.h"

namespace gantry::broker::setting_keys {
namespace {

std::optional<std::string_view> behind(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return name.substr(prefix.size());
}

// GROUP\nTOPIC\nQUEUE and what follows.
std::optional<GroupQueue> parse_group_queue(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::array<std::string_view, 3> parts;
  for (std::string_view& part : parts) {
    const std::size_t end = std::min(text->find('\n'), text->size());
    part = text->substr(0, end);
    text->remove_prefix(std::min(end + 1, text->size()));
  }
  const auto queue_id = parse_number<std::int32_t>(parts[2]);
  if (!queue_id || parts[0].empty() || parts[1].empty()) return std::nullopt;
  return GroupQueue{parts[0], parts[1], *queue_id};
}

}  // namespace

std::string topic_key(std::string_view topic) { return fmt::format("{}{}", kTopicPrefix, topic); }

std::string group_key(std::string_view group) { return fmt::format("{}{}", kGroupPrefix, group); }

std::string offset_key(const GroupQueue& queue) {
  std::string key(kOffsetPrefix);
  key.append(queue.group);
  key += '\0';
  key.append(queue.topic);
  key += '\0';
  char id[4];
  store::put_u32(id, static_cast<std::uint32_t>(queue.queue_id));
  key.append(id, sizeof id);
  return key;
}

std::optional<GroupQueue> parse_offset_key(std::string_view name) {
  const auto key = behind(kOffsetPrefix, name);
  const std::size_t group_end = key ? key->find('\0') : std::string_view::npos;
  if (group_end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = key->substr(group_end + 1);
  // a topic, which has a character, NUL and 4 bytes
  if (rest.size() < 6 || rest[rest.size() - 5] != '\0') return std::nullopt;
  return GroupQueue{key->substr(0, group_end), rest.substr(0, rest.size() - 5),
                    static_cast<std::int32_t>(store::get_u32(rest.data() + rest.size() - 4))};
}

std::string pop_next_key(const GroupQueue& queue) {
  return fmt::format("{}{}\n{}\n{}", kPopNextPrefix, queue.group, queue.topic, queue.queue_id);
}

std::optional<GroupQueue> parse_pop_next_key(std::string_view name) {
  return parse_group_queue(behind(kPopNextPrefix, name));
}

std::string pop_batch_key(const GroupQueue& queue, queueing::PopBatchId id) {
  return fmt::format("{}{}\n{}\n{}\n{}\n{}", kPopBatchPrefix, queue.group, queue.topic, queue.queue_id, id.start_offset,
                     id.pop_time_ms);
}

std::optional<GroupQueue> parse_pop_batch_key(std::string_view name) {
  return parse_group_queue(behind(kPopBatchPrefix, name));
}

std::string request_mode_key(std::string_view topic, std::string_view group) {
  return fmt::format("{}{}\n{}", kRequestModePrefix, topic, group);
}

std::string half_key(std::int64_t queue_offset) {
  std::string key(kHalfPrefix);
  char bytes[8];
  store::put_u64(bytes, static_cast<std::uint64_t>(queue_offset));
  key.append(bytes, sizeof bytes);
  return key;
}

std::optional<std::int64_t> parse_half_key(std::string_view name) {
  const auto offset = behind(kHalfPrefix, name);
  if (!offset || offset->size() != 8) return std::nullopt;
  return static_cast<std::int64_t>(store::get_u64(offset->data()));
}

std::string kv_key(const KvName& name) {
  std::string key(kKvPrefix);
  key.append(name.name_space);
  key += '\0';
  key.append(name.key);
  return key;
}

std::optional<KvName> parse_kv_key(std::string_view name) {
  const auto key = behind(kKvPrefix, name);
  const std::size_t end = key ? key->find('\0') : std::string_view::npos;
  if (end == std::string_view::npos) return std::nullopt;
  return KvName{key->substr(0, end), key->substr(end + 1)};
}

}  // namespace gantry::broker::setting_keys
