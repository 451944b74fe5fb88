#include "broker/offsets.h"

#include <algorithm>

#include "broker/setting_keys.h"
#include "broker/stored_settings.h"
#include "store/bytes.h"

namespace gantry::broker {

namespace {

std::optional<std::int64_t> at(const std::vector<std::int64_t>& offsets, std::int32_t queue_id) {
  if (queue_id < 0 || static_cast<std::size_t>(queue_id) >= offsets.size() ||
      offsets[static_cast<std::size_t>(queue_id)] < 0) {
    return std::nullopt;
  }
  return offsets[static_cast<std::size_t>(queue_id)];
}

void set(std::vector<std::int64_t>& offsets, std::int32_t queue_id, std::int64_t offset) {
  if (offsets.size() <= static_cast<std::size_t>(queue_id)) offsets.resize(static_cast<std::size_t>(queue_id) + 1, -1);
  offsets[static_cast<std::size_t>(queue_id)] = offset;
}

}  // namespace

Result<void> Offsets::load() {
  return read_settings(store_, setting_keys::kOffsetPrefix,
                       [this](std::string_view name, std::string_view value) -> Result<void> {
                         const auto key = setting_keys::parse_offset_key(name);
                         if (!key || key->queue_id < 0 || key->queue_id >= kQueuesMax || value.size() != 8)
                           return fail(Errc::corrupt, "not a consumer offset");
                         set(open(key->group, key->topic).committed, key->queue_id,
                             static_cast<std::int64_t>(store::get_u64(value.data())));
                         return {};
                       });
}

void Offsets::forget_lost() {
  struct Lost {
    std::string group, topic;
    std::int32_t queue_id;
    std::int64_t end;
  };
  std::vector<Lost> lost;
  for_each([&](std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset) {
    const store::Queue* queue = store_.log().find(topic, queue_id);
    const std::int64_t end = queue == nullptr ? 0 : queue->max_offset();
    if (offset > end) lost.push_back({std::string(group), std::string(topic), queue_id, end});
  });
  for (const Lost& one : lost) commit(one.group, one.topic, one.queue_id, one.end);
}

const Offsets::Positions* Offsets::positions(std::string_view group, std::string_view topic) const {
  auto topics = groups_.find(group);
  if (topics == groups_.end()) return nullptr;
  auto found = topics->second.find(topic);
  return found == topics->second.end() ? nullptr : &found->second;
}

Offsets::Positions& Offsets::open(std::string_view group, std::string_view topic) {
  auto topics = groups_.find(group);
  if (topics == groups_.end()) topics = groups_.emplace(std::string(group), Topics()).first;
  auto found = topics->second.find(topic);
  if (found == topics->second.end()) found = topics->second.emplace(std::string(topic), Positions()).first;
  return found->second;
}

std::optional<std::int64_t> Offsets::find(std::string_view group, std::string_view topic, std::int32_t queue_id) const {
  const Positions* found = positions(group, topic);
  return found == nullptr ? std::nullopt : at(found->committed, queue_id);
}

std::optional<std::int64_t> Offsets::find_pulled(std::string_view group, std::string_view topic,
                                                 std::int32_t queue_id) const {
  const Positions* found = positions(group, topic);
  return found == nullptr ? std::nullopt : at(found->pulled, queue_id);
}

void Offsets::commit(std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset) {
  if (queue_id < 0 || queue_id >= kQueuesMax || offset < 0) return;
  Positions& positions = open(group, topic);
  if (at(positions.committed, queue_id) == offset) return;  // consumers commit every 5 s, moved or not
  set(positions.committed, queue_id, offset);
  char value[8];
  store::put_u64(value, static_cast<std::uint64_t>(offset));
  store_.put(setting_keys::offset_key({group, topic, queue_id}), {value, sizeof value});
}

void Offsets::pulled(std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset) {
  if (queue_id < 0 || queue_id >= kQueuesMax) return;
  set(open(group, topic).pulled, queue_id, offset);
}

void Offsets::erase_stored(std::string_view group, std::string_view topic, const Positions& positions) {
  for (std::size_t id = 0; id < positions.committed.size(); ++id) {
    if (positions.committed[id] >= 0)
      store_.erase(setting_keys::offset_key({group, topic, static_cast<std::int32_t>(id)}));
  }
}

void Offsets::remove_group(std::string_view group) {
  auto topics = groups_.find(group);
  if (topics == groups_.end()) return;
  for (const auto& [topic, positions] : topics->second) erase_stored(group, topic, positions);
  groups_.erase(topics);
}

void Offsets::remove_topic(std::string_view topic) {
  for (auto& [group, topics] : groups_) {
    auto found = topics.find(topic);
    if (found == topics.end()) continue;
    erase_stored(group, topic, found->second);
    topics.erase(found);
  }
}

std::vector<std::string> Offsets::topics_of(std::string_view group) const {
  std::vector<std::string> topics;
  auto found = groups_.find(group);
  if (found == groups_.end()) return topics;
  for (const auto& [topic, positions] : found->second) {
    if (!positions.committed.empty()) topics.push_back(topic);
  }
  return topics;
}

std::vector<std::string> Offsets::groups_of(std::string_view topic) const {
  std::vector<std::string> groups;
  for (const auto& [group, topics] : groups_) {
    auto found = topics.find(topic);
    if (found != topics.end() && !found->second.committed.empty()) groups.push_back(group);
  }
  return groups;
}

void Offsets::for_each(
    const std::function<void(std::string_view, std::string_view, std::int32_t, std::int64_t)>& visit) const {
  for (const auto& [group, topics] : groups_) {
    for (const auto& [topic, positions] : topics) {
      for (std::size_t id = 0; id < positions.committed.size(); ++id) {
        if (positions.committed[id] >= 0) visit(group, topic, static_cast<std::int32_t>(id), positions.committed[id]);
      }
    }
  }
}

}  // namespace gantry::broker
