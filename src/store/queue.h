// One queue of a topic, as the store knows it: how far it reaches and where its newest messages lie.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

namespace gantry::store {

// Where one message of a queue is and what can be said of it without reading it.
struct IndexEntry {
  std::uint64_t physical_offset = 0;  // in the log; what Java calls commitLogOffset
  std::uint32_t size = 0;             // of the record, bytes
  std::int64_t tags_code = 0;         // hash of the tag (queueing of tag filters); 0 without a tag
  std::int64_t store_time_ms = 0;     // since the epoch
};

// What the parts of the log keep of a queue and change together; they get at it by the QueueTable.
struct QueueState {
  struct Recent {
    IndexEntry entry;
    const char* record;  // in the tail cache
  };

  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;
  std::int64_t next_offset = 0;     // max_offset and what is being written
  std::uint64_t min_physical = 0;   // a lower bound of the physical offset of min_offset
  std::int64_t recent_first = 0;    // queue offset of recent.front()
  std::deque<Recent> recent;        // exactly the messages whose records are in the tail cache
  std::string unwritten;            // index entries of the batch that gathers, up to next_offset
  std::uint64_t touched_batch = 0;  // the last batch with a message for this queue
  std::size_t touched_at = 0;

  // null: not in the tail cache.
  const Recent* recent_at(std::int64_t offset) const {
    const std::int64_t at = offset - recent_first;
    if (at < 0 || at >= static_cast<std::int64_t>(recent.size())) return nullptr;
    return &recent[static_cast<std::size_t>(at)];
  }
};

class Queue {
 public:
  Queue(std::string topic, std::int32_t id, std::uint32_t number)
      : topic_(std::move(topic)), id_(id), number_(number) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  const std::string& topic() const { return topic_; }
  std::int32_t id() const { return id_; }
  std::uint32_t number() const { return number_; }               // in the keys of the index; never used again
  std::int64_t min_offset() const { return state_.min_offset; }  // the oldest message that is still there
  // One past the newest message that is stored as promised: consumers see nothing beyond.
  std::int64_t max_offset() const { return state_.max_offset; }

 private:
  friend class QueueTable;

  std::string topic_;
  std::int32_t id_;
  std::uint32_t number_;
  QueueState state_;
};

}  // namespace gantry::store
