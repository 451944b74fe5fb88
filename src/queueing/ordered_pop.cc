#include "queueing/ordered_pop.h"

#include <algorithm>

namespace gantry::queueing {

bool OrderedPop::blocked(std::string_view attempt_id, std::int64_t now_ms) const {
  if (!attempt_id.empty() && attempt_id == attempt_id_) return false;
  return in_flight(now_ms) > 0;
}

void OrderedPop::handed_out(std::string_view attempt_id, std::vector<std::int64_t> offsets, std::int64_t pop_time_ms,
                            std::int64_t invisible_ms) {
  std::map<std::int64_t, std::int32_t> counts;
  const bool same_attempt = !attempt_id.empty() && attempt_id == attempt_id_;
  for (std::int64_t offset : offsets) {
    const bool before = index_of(offset).has_value();
    // a repeated attempt is the same delivery, as its answer never arrived
    const std::int32_t count = consumed_times(offset) + (before && !same_attempt ? 1 : 0);
    if (count > 0) counts[offset] = count;
  }
  attempt_id_ = attempt_id;
  pop_time_ms_ = pop_time_ms;
  visible_at_ms_.assign(offsets.size(), pop_time_ms + invisible_ms);
  offsets_ = std::move(offsets);
  acked_ = 0;
  consumed_times_ = std::move(counts);
}

std::int32_t OrderedPop::consumed_times(std::int64_t offset) const {
  auto found = consumed_times_.find(offset);
  return found != consumed_times_.end() ? found->second : 0;
}

std::optional<std::size_t> OrderedPop::index_of(std::int64_t offset) const {
  const auto at = std::lower_bound(offsets_.begin(), offsets_.end(), offset);
  if (at == offsets_.end() || *at != offset) return std::nullopt;
  return static_cast<std::size_t>(at - offsets_.begin());
}

OrderedPop::Ack OrderedPop::ack(std::int64_t offset, std::int64_t pop_time_ms) {
  if (pop_time_ms != pop_time_ms_) return Ack::stale;
  const auto index = index_of(offset);
  if (!index) return Ack::unknown;
  acked_ |= std::uint64_t{1} << *index;
  return Ack::done;
}

OrderedPop::Ack OrderedPop::renew(std::int64_t offset, std::int64_t pop_time_ms, std::int64_t visible_at_ms) {
  if (pop_time_ms != pop_time_ms_) return Ack::stale;
  const auto index = index_of(offset);
  if (!index) return Ack::unknown;
  visible_at_ms_[*index] = visible_at_ms;
  return Ack::done;
}

std::optional<std::int64_t> OrderedPop::next_offset() const {
  if (offsets_.empty()) return std::nullopt;
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    if (!acked(i)) return offsets_[i];
  }
  return offsets_.back() + 1;
}

std::size_t OrderedPop::in_flight(std::int64_t now_ms) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < offsets_.size(); ++i) count += !acked(i) && now_ms < visible_at_ms_[i];
  return count;
}

std::optional<std::int64_t> OrderedPop::next_visible_ms() const {
  std::optional<std::int64_t> latest;
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    if (!acked(i)) latest = std::max(latest.value_or(visible_at_ms_[i]), visible_at_ms_[i]);
  }
  return latest;
}

}  // namespace gantry::queueing
