// What RocksDB says of the messages: per queue the rows that say where each is (index_row.h), and by the hash of topic and
// key where those under it are. Both say nothing that the log does not, and are made again from it (log_recovery.h).
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/database.h"
#include "store/index_row.h"
#include "store/queue.h"

namespace gantry::store {

class MessageIndex {
 public:
  explicit MessageIndex(Database& database) : database_(database) {}

  struct Found {
    std::int64_t offset;  // in the queue
    IndexEntry entry;
  };
  // The first message of the queue at or behind an offset; nullopt: there is none. Here and below: corrupt when the row
  // is there and malformed.
  Result<std::optional<Found>> first_from(const Queue& queue, std::int64_t offset) const;
  Result<std::optional<Found>> newest(const Queue& queue) const;
  // The highest queue number that any row has; nullopt: there is no row.
  Result<std::optional<std::uint32_t>> highest_number() const;
  // Physical offsets of messages under that key, newest first, at most `max`, none before `begin`.
  Result<std::vector<std::uint64_t>> find_by_key(std::uint64_t key_hash, std::uint64_t begin, std::size_t max) const;

  // The rows of all queues, in order.
  std::unique_ptr<rocksdb::Iterator> rows(const rocksdb::ReadOptions& options = {}) const;
  // The row that such an iterator is at; nullopt: it is another queue's, or there is none. One that cannot be read is not
  // one that is not there: who took it so would give its offsets a second time. Valid until the iterator moves.
  static Result<std::optional<IndexRow>> row_of(const Queue& queue, const rocksdb::Iterator& at);

  // `entries`: of the messages up to next_offset, as index_row.h encodes them. Emptied.
  void add_rows(rocksdb::WriteBatch& batch, const Queue& queue, std::int64_t next_offset, std::string& entries) const;
  void remove_row(rocksdb::WriteBatch& batch, const rocksdb::Slice& key) const;
  void remove_rows(rocksdb::WriteBatch& batch, const Queue& queue) const;  // all of the queue
  // `hashes`: of the message's keys, 8 bytes each, as an entry of the log has them.
  void add_keys(rocksdb::WriteBatch& batch, std::uint64_t physical_offset, std::string_view hashes) const;

 private:
  Database& database_;
};

}  // namespace gantry::store
