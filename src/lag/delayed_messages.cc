#include "lag/delayed_messages.h"

#include <algorithm>

namespace gantry::lag {

void DelayedMessages::told(const std::map<std::int32_t, DelayLevelFacts>& levels) {
  for (auto& [number, level] : levels_) {
    if (!levels.contains(number)) restart(level, 0);
  }
  std::erase_if(levels_, [&](const auto& level) { return !levels.contains(level.first); });
  waiting_ = 0;
  for (const auto& [number, facts] : levels) {
    Level& level = levels_[number];
    const std::int64_t begin = std::max({std::int64_t{0}, facts.min_offset, facts.delivered});
    const std::int64_t end = std::max(begin, facts.max_offset);
    // another log under the same name: what was read of it says nothing about this one
    if (begin < level.begin || begin > level.cursor() || level.cursor() > end) restart(level, begin);
    while (level.begin < begin) drop_front(level);
    level.end = end;
    if (__builtin_add_overflow(waiting_, end - begin, &waiting_)) waiting_ = INT64_MAX;
  }
  if (!too_many()) return;
  for (auto& [number, level] : levels_) restart(level, level.begin);
}

std::vector<DelayedMessages::Pull> DelayedMessages::next_pulls() const {
  std::vector<Pull> pulls;
  if (too_many()) return pulls;
  for (const auto& [number, level] : levels_) {
    if (level.cursor() < level.end) pulls.push_back({number, level.cursor()});
  }
  return pulls;
}

bool DelayedMessages::pulled(const Pull& pull, std::int64_t next_offset, std::span<const Message> messages) {
  const auto found = levels_.find(pull.level);
  if (found == levels_.end() || found->second.cursor() != pull.offset || too_many()) return false;
  Level& level = found->second;
  for (const Message& message : messages) {
    if (message.offset < level.cursor()) continue;
    if (message.offset >= level.end) break;  // it came since the broker was asked where the level ends
    while (level.cursor() < message.offset) add(level, kNobody);
    add(level, id_of(message.topic));
  }
  while (level.cursor() < std::min(next_offset, level.end)) add(level, kNobody);
  return level.cursor() > pull.offset;
}

Result<std::int64_t> DelayedMessages::count(std::string_view topic) const {
  if (too_many()) {
    return fail(
        Errc::resource_exhausted,
        "{} messages wait in its delay levels, and no more than {} of a broker are counted: leave includeDelayed "
        "out, or send timers (TIMER_DELAY_MS), which the broker counts itself",
        waiting_, waiting_max_);
  }
  if (read_ < waiting_) {
    return fail(Errc::unavailable, "its delay levels are being counted: {} of {} messages read", read_, waiting_);
  }
  const auto found = ids_.find(std::string(topic));
  return found == ids_.end() ? 0 : topics_[found->second].count;
}

void DelayedMessages::add(Level& level, TopicId topic) {
  level.topics.push_back(topic);
  ++read_;
  ++topics_[topic].count;
}

void DelayedMessages::drop_front(Level& level) {
  const TopicId id = level.topics.front();
  level.topics.pop_front();
  ++level.begin;
  --read_;
  Topic& topic = topics_[id];
  if (--topic.count > 0 || id == kNobody) return;
  ids_.erase(topic.name);
  topic.name.clear();
  free_.push_back(id);
}

void DelayedMessages::restart(Level& level, std::int64_t begin) {
  while (!level.topics.empty()) drop_front(level);
  level.topics.shrink_to_fit();
  level.begin = begin;
  level.end = begin;
}

DelayedMessages::TopicId DelayedMessages::id_of(std::string_view name) {
  if (name.empty()) return kNobody;
  const auto [found, added] = ids_.try_emplace(std::string(name), kNobody);
  if (!added) return found->second;
  if (free_.empty()) {
    free_.push_back(static_cast<TopicId>(topics_.size()));
    topics_.emplace_back();
  }
  found->second = free_.back();
  free_.pop_back();
  topics_[found->second].name = found->first;
  return found->second;
}

}  // namespace gantry::lag
