// Walks one queue of the message log in order. From the tail cache while the consumer keeps up; behind that from
// RocksDB, several rows and records with one call each, because looking up one at a time is most of a pull's cost.
#pragma once

#include <rocksdb/db.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/message_log.h"

namespace gantry::store {

// Sees the messages that were visible when it was made:
//
//   for (QueueReader reader(log, queue, from); reader.next();) use(reader.offset(), reader.entry(), reader.record());
class QueueReader {
 public:
  static constexpr std::size_t kTogetherMax = 32;                // records fetched by one call
  static constexpr std::size_t kTogetherBytesMax = 1024 * 1024;  // of them, except for the first
  // Records that lie within this many times their own bytes are read by walking over the log, others by their keys.
  static constexpr std::uint64_t kNear = 3;

  // likely: how many records will probably be read one after the other; 1 when most are only looked at.
  QueueReader(MessageLog& log, const Queue& queue, std::int64_t from, std::size_t likely = 1);

  bool next();  // false at the end and on error
  std::int64_t offset() const { return here_.offset; }
  const IndexEntry& entry() const { return here_.entry; }
  // The record's bytes, valid until next() or the next append. Empty when it is gone or on error.
  std::string_view record();
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Row {
    std::int64_t offset = -1;
    IndexEntry entry;
  };

  bool next_from_tail();
  void gather_rows();
  void fetch_records();
  void fetch_by_keys(std::size_t count);
  std::string_view walk_to(std::uint64_t physical_offset);

  MessageLog& log_;
  const Queue& queue_;
  std::int64_t end_;
  std::int64_t following_;
  std::size_t together_;
  Row here_;
  std::optional<std::uint64_t> tail_position_;  // of the row that is here; else it is rows_[at_ - 1]

  std::unique_ptr<rocksdb::Iterator> index_;
  char upper_[12];
  rocksdb::Slice upper_slice_;
  std::vector<Row> rows_;
  std::size_t at_ = 0;
  // rows_ from fetched_from_ up to here are being walked over, or their records are in records_
  std::size_t fetched_from_ = 0;
  std::size_t fetched_to_ = 0;
  bool walking_ = false;
  std::unique_ptr<rocksdb::Iterator> walk_;
  std::vector<rocksdb::PinnableSlice> records_;
  std::vector<rocksdb::Status> statuses_;
  std::optional<Error> error_;
};

}  // namespace gantry::store
