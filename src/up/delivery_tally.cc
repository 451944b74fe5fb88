#include "up/delivery_tally.h"

#include <algorithm>
#include <charconv>
#include <ranges>

namespace gantry::up {

DeliveryTally::DeliveryTally(std::string prefix, std::int64_t messages)
    : prefix_(std::move(prefix)), messages_(static_cast<std::size_t>(std::max<std::int64_t>(0, messages))) {}

std::string DeliveryTally::key_of(std::int64_t number) const { return prefix_ + std::to_string(number); }

bool DeliveryTally::has(std::int64_t number) const {
  return number >= 0 && static_cast<std::size_t>(number) < messages_.size();
}

DeliveryTally::Group& DeliveryTally::open(const std::string& group) {
  Group& found = groups_[group];
  found.fates.resize(messages_.size());
  return found;
}

void DeliveryTally::offered(std::int64_t number) {
  if (has(number)) messages_[static_cast<std::size_t>(number)].offered = true;
}

void DeliveryTally::sent(std::int64_t number) {
  if (has(number)) messages_[static_cast<std::size_t>(number)] = {.offered = true, .sent = true};
}

void DeliveryTally::worker_line(const std::string& group, std::string_view line) {
  // the key is ours and needs no unescaping, so finding it is enough and costs no parser for each line
  const std::string wanted = "\"key\":\"" + prefix_;
  const auto at = line.find(wanted);
  if (at == std::string_view::npos || !line.starts_with('{')) return;
  const std::string_view rest = line.substr(at + wanted.size());
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{} || end == rest.data() + rest.size() || *end != '"' || !has(number)) return;
  if (line.contains("\"status\":\"RECONSUME_LATER\"")) return;  // not handled: it comes again
  Group& reader = open(group);
  Fate& fate = reader.fates[static_cast<std::size_t>(number)];
  if (fate.seen) ++reader.duplicated;
  reader.speaks = fate.seen = true;
  if (!line.contains("\"status\":\"ACK_UNKNOWN\"")) fate.acknowledged = true;
}

void DeliveryTally::out_of_sight(const std::string& group) {
  Group& reader = open(group);
  for (std::size_t i = 0; i < messages_.size(); ++i) reader.fates[i].out_of_sight |= messages_[i].offered;
}

bool DeliveryTally::any_seen() const { return std::ranges::any_of(groups_ | std::views::values, &Group::speaks); }

Deliveries DeliveryTally::deliveries() const {
  Deliveries found;
  for (const Group& reader : groups_ | std::views::values) {
    if (!reader.speaks) continue;
    found.duplicated += reader.duplicated;
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      const Fate& fate = reader.fates[i];
      if (!messages_[i].sent || fate.acknowledged) continue;
      ++(fate.seen ? found.unacknowledged : fate.out_of_sight ? found.out_of_sight : found.lost);
    }
  }
  return found;
}

}  // namespace gantry::up
