#include "remoting/opaque_table.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gantry::remoting {

namespace {
constexpr std::size_t kSlotsMin = 16;
}  // namespace

std::int32_t OpaqueTable::next() {
  do {
    last_ = last_ == std::numeric_limits<std::int32_t>::max() ? 1 : last_ + 1;
  } while (!slots_.empty() && slot(last_).opaque != kFree);
  return last_;
}

std::int32_t OpaqueTable::add(Clock::time_point deadline, ResponseCallback done, Clock::time_point sent) {
  if (size_ * 2 >= slots_.size()) grow();  // half of the places stay free, so next() skips few
  const std::int32_t opaque = next();
  Slot& place = slot(opaque);
  place.opaque = opaque;
  place.deadline = deadline;
  place.sent = sent;
  place.done = std::move(done);
  ++size_;
  if (size_ == 1 || deadline < earliest_) earliest_ = deadline;
  return opaque;
}

std::optional<ResponseCallback> OpaqueTable::take(std::int32_t opaque) {
  if (opaque < 0 || slots_.empty() || slot(opaque).opaque != opaque) return std::nullopt;
  return free(slot(opaque));
}

ResponseCallback OpaqueTable::free(Slot& slot) {
  slot.opaque = kFree;
  --size_;
  return std::exchange(slot.done, nullptr);
}

bool OpaqueTable::any_expired(Clock::time_point now, Clock::time_point heard) const {
  if (now < earliest()) return false;
  return std::ranges::any_of(
      slots_, [&](const Slot& each) { return each.opaque != kFree && each.deadline <= now && each.sent > heard; });
}

std::vector<ResponseCallback> OpaqueTable::take_expired(Clock::time_point now) {
  std::vector<ResponseCallback> expired;
  if (now < earliest()) return expired;
  earliest_ = Clock::time_point::max();
  for (Slot& each : slots_) {
    if (each.opaque == kFree) continue;
    if (each.deadline <= now) {
      expired.push_back(free(each));
    } else if (each.deadline < earliest_) {
      earliest_ = each.deadline;
    }
  }
  return expired;
}

std::vector<ResponseCallback> OpaqueTable::take_all() {
  std::vector<ResponseCallback> all;
  all.reserve(size_);
  for (Slot& each : slots_) {
    if (each.opaque != kFree) all.push_back(free(each));
  }
  slots_ = {};
  return all;
}

void OpaqueTable::grow() {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? kSlotsMin : slots_.size() * 2));
  for (Slot& each : old) {
    if (each.opaque != kFree) slot(each.opaque) = std::move(each);  // what differed in fewer bits differs in more
  }
}

}  // namespace gantry::remoting
