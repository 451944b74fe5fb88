#include "up/delivery_tally.h"

#include <algorithm>
#include <charconv>

namespace gantry::up {

DeliveryTally::DeliveryTally(std::string prefix, std::int64_t messages)
    : prefix_(std::move(prefix)), fates_(static_cast<std::size_t>(std::max<std::int64_t>(0, messages))) {}

std::string DeliveryTally::key_of(std::int64_t number) const { return prefix_ + std::to_string(number); }

void DeliveryTally::sent(std::int64_t number) {
  if (number >= 0 && static_cast<std::size_t>(number) < fates_.size())
    fates_[static_cast<std::size_t>(number)].sent = true;
}

void DeliveryTally::worker_line(std::string_view line) {
  // the key is ours and needs no unescaping, so finding it is enough and costs no parser for each line
  const std::string wanted = "\"key\":\"" + prefix_;
  const auto at = line.find(wanted);
  if (at == std::string_view::npos || !line.starts_with('{')) return;
  const std::string_view rest = line.substr(at + wanted.size());
  std::size_t number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc{} || end == rest.data() + rest.size() || *end != '"' || number >= fates_.size()) return;
  if (fates_[number].seen) {
    ++duplicated_;
  } else {
    fates_[number].seen = true;
    ++seen_;
  }
}

std::int64_t DeliveryTally::lost() const {
  return std::count_if(fates_.begin(), fates_.end(), [](const Fate& fate) { return fate.sent && !fate.seen; });
}

}  // namespace gantry::up
