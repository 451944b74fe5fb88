// What a log says: its segments read in order, from the oldest to the newest.
//
// Nothing is invented: a segment has to begin where the one before ended, entries follow each other, and only at the very
// end of the newest something that is not whole is a write that nobody was promised.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "raft/log_format.h"

namespace gantry::raft {

// Where an entry stands.
struct EntryPlace {
  Term term = 0;
  std::uint64_t sequence = 0;  // of its segment
  std::uint32_t offset = 0;    // in the segment's file
  std::uint32_t size = 0;
};

// Entries from `first` on, one after the other.
class EntryPlaces {
 public:
  bool empty() const { return places_.empty(); }
  Index first() const { return first_; }
  const EntryPlace* find(Index index) const {
    return index >= first_ && index - first_ < places_.size() ? &places_[index - first_] : nullptr;
  }
  const EntryPlace& front() const { return places_.front(); }

  void set(Index index, EntryPlace place);  // cuts those from `index` on; follows the last one, or is the first
  void forget(Index upto);
  void clear() { places_.clear(); }

 private:
  Index first_ = 1;
  std::deque<EntryPlace> places_;
};

struct LogContent {
  LogState state;
  EntryPlaces places;  // also some up to truncated
};

class LogReplay {
 public:
  // Errors: corrupt, without the file's name.
  Result<void> add(const SegmentHeader& header, std::string_view bytes, bool newest);

  LogContent& content() { return content_; }
  std::uint64_t end() const { return end_; }  // of the newest segment's frames
  bool torn() const { return torn_; }         // a write was begun behind them

 private:
  Result<void> begin(const SegmentHeader& header);
  Result<void> take(const LogFrame& frame, std::uint64_t sequence, std::uint64_t content_at);
  Result<void> save(const SavedFrame& frame, std::uint64_t sequence, std::uint64_t content_at);

  LogContent content_;
  std::optional<std::uint64_t> sequence_;
  std::uint64_t end_ = 0;
  bool torn_ = false;
};

}  // namespace gantry::raft
