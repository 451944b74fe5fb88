// Walks one queue of the message log in order. From the tail cache while the consumer keeps up; behind that from the
// index and the log's files, several rows and records with one call each: one at a time would be most of a pull's cost.
#pragma once

#include <rocksdb/db.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/log_state.h"
#include "store/message_log.h"

namespace gantry::store {

// Sees the messages that were visible when it was made:
//
//   for (QueueReader reader(log, queue, from); reader.next();) use(reader.offset(), reader.entry(), reader.record());
class QueueReader {
 public:
  static constexpr std::size_t kTogetherMax = 32;               // records read by one call
  static constexpr std::size_t kTogetherBytesMax = 256 * 1024;  // of them, except for the first: what caches hold
  // Records that lie within this many times their own bytes are read by one call, with what lies between them.
  static constexpr std::uint64_t kNear = 3;

  // likely: how many records will probably be read one after the other; 1 when most are only looked at.
  QueueReader(MessageLog& log, const Queue& queue, std::int64_t from, std::size_t likely = 1);
  ~QueueReader();
  QueueReader(const QueueReader&) = delete;
  QueueReader& operator=(const QueueReader&) = delete;

  bool next();  // false at the end and on error
  std::int64_t offset() const { return here_.offset; }
  const IndexEntry& entry() const { return here_.entry; }
  // The record's bytes, valid until next() or the next append. Empty when it is gone or on error: corrupt when it is not
  // what was written.
  std::string_view record();
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Row {
    std::int64_t offset = -1;
    IndexEntry entry;
  };

  bool next_from_tail();
  void gather_rows();
  void read_run();
  std::string_view check(const IndexEntry& entry);

  LogState& log_;
  const Queue& queue_;
  std::int64_t end_;
  std::int64_t following_;
  std::size_t together_;
  Row here_;
  const char* tail_record_ = nullptr;  // of the row that is here; else it is rows_[at_ - 1]

  std::unique_ptr<rocksdb::Iterator> index_;
  char upper_[12];
  rocksdb::Slice upper_slice_;
  std::vector<Row> rows_;
  std::size_t at_ = 0;
  std::size_t read_to_ = 0;  // rows_ before it were read; buffer_ holds the last run of them
  std::unique_ptr<ReadBuffer> buffer_;
  std::uint64_t buffer_at_ = 0;  // physical offset
  std::size_t buffer_bytes_ = 0;
  std::string_view record_;  // of the row that is here, once it was asked for
  std::optional<Error> error_;
};

}  // namespace gantry::store
