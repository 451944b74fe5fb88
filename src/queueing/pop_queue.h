// What one consumer group has taken from one queue by POP and not yet acknowledged. A pop makes a batch; its messages
// are invisible until they are acknowledged, or until the batch's time is over: then what is left comes back as retry
// messages. Rule: org.apache.rocketmq.broker.processor.PopMessageProcessor, PopCheckPoint and PopBufferMergeService.
//
// The queue keeps values only; the caller persists: every change names the batch that must be written or removed.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gantry::queueing {

// How a receipt handle names a batch: the queue offset that the pop began at and the broker's time of it.
struct PopBatchId {
  std::int64_t start_offset = 0;
  std::int64_t pop_time_ms = 0;  // epoch

  auto operator<=>(const PopBatchId&) const = default;
};

struct PopBatch {
  static constexpr std::size_t kMessagesMax = 64;  // one bit each; RocketMQ pops at most 32

  PopBatchId id;
  std::int64_t invisible_ms = 0;
  std::vector<std::int64_t> offsets;  // of the messages handed out: ascending, with gaps where a filter skipped
  std::uint64_t acked = 0;            // bit i: offsets[i]

  std::int64_t visible_at_ms() const { return id.pop_time_ms + invisible_ms; }
  bool complete() const;
  std::size_t unacked_count() const;
  std::vector<std::int64_t> unacked() const;

  // The form in which a batch is stored; fixed width, little-endian, with a format version.
  std::string encode() const;
  static Result<PopBatch> decode(std::string_view bytes);

  bool operator==(const PopBatch&) const = default;
};

class PopQueue {
 public:
  static constexpr std::size_t kInFlightMax = 10'000;  // unacknowledged messages; then pops wait

  PopQueue() = default;
  // next_offset: where the next pop begins; batches: those that were stored. For a start after a stop.
  PopQueue(std::int64_t next_offset, std::vector<PopBatch> batches);

  std::int64_t next_offset() const { return next_offset_; }
  std::size_t in_flight() const { return in_flight_; }
  bool full() const { return in_flight_ >= kInFlightMax; }
  // Everything below is acknowledged: the consumer offset of the group.
  std::int64_t commit_offset() const;

  // Messages handed out: from next_offset() up to `end_offset` (exclusive), of which `offsets` matched. An empty
  // `offsets` only moves on. pop_time_ms is raised where that is needed to make the id unique.
  // offsets must be at most PopBatch::kMessagesMax and lie within the range.
  const PopBatch* pop(std::int64_t end_offset, std::vector<std::int64_t> offsets, std::int64_t pop_time_ms,
                      std::int64_t invisible_ms);

  // nullptr: not, or no more, in flight.
  const PopBatch* find(PopBatchId id) const;

  // What a change did to a stored batch: write it when `batch` is set, else remove `id`.
  struct Change {
    PopBatchId id;
    const PopBatch* batch = nullptr;
  };
  // nullopt: no such message in flight under this id (acknowledged before, or its time was over).
  std::optional<Change> ack(PopBatchId id, std::int64_t offset);

  struct Renewal {
    Change old_batch;
    const PopBatch* new_batch = nullptr;  // of this one message, invisible from now on for invisible_ms
  };
  // Makes one message invisible anew; the old receipt is then void. nullopt as with ack.
  std::optional<Renewal> renew(PopBatchId id, std::int64_t offset, std::int64_t now_ms, std::int64_t invisible_ms);

  // Takes out every batch whose time is over; the caller puts its unacked() messages into the retry topic.
  std::vector<PopBatch> take_due(std::int64_t now_ms);
  // Takes a batch back whose messages could not be made retry messages: the caller says when it is due again by its times.
  void put_back(PopBatch batch) { add(std::move(batch)); }
  std::optional<std::int64_t> next_due_ms() const;
  // The group's offset was reset: all that is in flight is forgotten. Returns the ids to remove.
  std::vector<PopBatchId> reset(std::int64_t next_offset);

 private:
  using Batches = std::map<PopBatchId, PopBatch>;
  const PopBatch* add(PopBatch batch);
  void remove(Batches::iterator batch);

  std::int64_t next_offset_ = 0;
  std::size_t in_flight_ = 0;
  Batches batches_;
  std::set<std::pair<std::int64_t, PopBatchId>> by_visible_time_;
};

}  // namespace gantry::queueing
