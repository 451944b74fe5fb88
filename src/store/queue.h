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

class MessageLog;

class Queue {
 public:
  Queue(std::string topic, std::int32_t id, std::uint32_t number)
      : topic_(std::move(topic)), id_(id), number_(number) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  const std::string& topic() const { return topic_; }
  std::int32_t id() const { return id_; }
  std::int64_t min_offset() const { return min_offset_; }  // the oldest message that is still there
  // One past the newest message that is stored as promised: consumers see nothing beyond.
  std::int64_t max_offset() const { return max_offset_; }

 private:
  friend class MessageLog;
  friend class QueueReader;

  struct Recent {
    IndexEntry entry;
    const char* record;  // in the tail cache
  };

  std::string topic_;
  std::int32_t id_;
  std::uint32_t number_;  // in the keys of the index; never used again
  std::int64_t min_offset_ = 0;
  std::int64_t max_offset_ = 0;
  std::int64_t next_offset_ = 0;     // max_offset_ and what is being written
  std::uint64_t min_physical_ = 0;   // a lower bound of the physical offset of min_offset_
  std::int64_t recent_first_ = 0;    // queue offset of recent_.front()
  std::deque<Recent> recent_;        // exactly the messages whose records are in the tail cache
  std::string unwritten_;            // index entries of the batch that gathers, up to next_offset_
  std::uint64_t touched_batch_ = 0;  // the last batch with a message for this queue
  std::size_t touched_at_ = 0;
};

}  // namespace gantry::store
