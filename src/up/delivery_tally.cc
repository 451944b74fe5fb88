#include "up/delivery_tally.h"

#include <algorithm>
#include <charconv>

namespace gantry::up {

DeliveryTally::DeliveryTally(std::string prefix, std::int64_t messages)
    : prefix_(std::move(prefix)), fates_(static_cast<std::size_t>(std::max<std::int64_t>(0, messages))) {}

std::string DeliveryTally::key_of(std::int64_t number) const { return prefix_ + std::to_string(number); }

DeliveryTally::Fate* DeliveryTally::fate_of(std::int64_t number) {
  const auto index = static_cast<std::size_t>(number);
  return number >= 0 && index < fates_.size() ? &fates_[index] : nullptr;
}

void DeliveryTally::offered(std::int64_t number) {
  if (Fate* fate = fate_of(number)) fate->offered = true;
}

void DeliveryTally::sent(std::int64_t number) {
  if (Fate* fate = fate_of(number)) fate->offered = fate->sent = true;
}

void DeliveryTally::worker_line(std::string_view line) {
  // the key is ours and needs no unescaping, so finding it is enough and costs no parser for each line
  const std::string wanted = "\"key\":\"" + prefix_;
  const auto at = line.find(wanted);
  if (at == std::string_view::npos || !line.starts_with('{')) return;
  const std::string_view rest = line.substr(at + wanted.size());
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{} || end == rest.data() + rest.size() || *end != '"') return;
  Fate* fate = fate_of(number);
  if (fate == nullptr) return;
  ++(fate->seen ? duplicated_ : seen_);
  fate->seen = true;
  if (!line.contains("\"status\":\"ACK_UNKNOWN\"")) fate->acknowledged = true;
}

void DeliveryTally::out_of_sight() {
  for (Fate& fate : fates_) fate.out_of_sight |= fate.offered;
}

Deliveries DeliveryTally::deliveries() const {
  Deliveries found;
  found.duplicated = duplicated_;
  for (const Fate& fate : fates_) {
    if (!fate.sent || fate.acknowledged) continue;
    ++(fate.seen ? found.unacknowledged : fate.out_of_sight ? found.out_of_sight : found.lost);
  }
  return found;
}

}  // namespace gantry::up
