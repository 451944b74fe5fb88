// The requests of one connection that wait for their response, found by opaque. Opaques are counted up; the table is
// mapped directly (opaque modulo its size) and a number whose place is taken is skipped, so taking one in and out
// costs no search and no allocation. It grows with the number in flight.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "remoting/server.h"

namespace gantry::remoting {

class OpaqueTable {
 public:
  using Clock = std::chrono::steady_clock;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Takes the request in and returns its opaque, which no other waiting request has; never negative.
  // `sent`: for any_expired().
  std::int32_t add(Clock::time_point deadline, ResponseCallback done, Clock::time_point sent = {});

  // An opaque that is not in use, for a one-way request.
  std::int32_t next();

  // The callback of that opaque, which is then free again; nullopt: none waits (answered twice, or too late).
  std::optional<ResponseCallback> take(std::int32_t opaque);

  // No request expires before this; max() when none waits. It may be earlier than the first deadline.
  Clock::time_point earliest() const { return size_ == 0 ? Clock::time_point::max() : earliest_; }

  // Whether the deadline of one has come that was sent after `heard`.
  bool any_expired(Clock::time_point now, Clock::time_point heard) const;

  // Takes out all whose deadline has come.
  std::vector<ResponseCallback> take_expired(Clock::time_point now);
  std::vector<ResponseCallback> take_all();

 private:
  struct Slot {
    std::int32_t opaque = kFree;
    Clock::time_point deadline;
    Clock::time_point sent;
    ResponseCallback done;
  };
  static constexpr std::int32_t kFree = -1;

  Slot& slot(std::int32_t opaque) { return slots_[static_cast<std::size_t>(opaque) & (slots_.size() - 1)]; }
  void grow();
  ResponseCallback free(Slot& slot);

  std::vector<Slot> slots_;  // a power of two of them, or none
  std::size_t size_ = 0;
  std::int32_t last_ = 0;
  Clock::time_point earliest_ = Clock::time_point::max();
};

}  // namespace gantry::remoting
