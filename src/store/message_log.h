// The messages: one log for all queues, ordered by physical offset, and per queue an index from queue offset to log.
// Appends become visible to readers when their batch is stored as promised, and are undone when it is not.
// Everything runs on the event loop's thread.
#pragma once

#include <rocksdb/iterator.h>

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "store/database.h"
#include "store/group_commit.h"
#include "store/queue.h"
#include "store/tail_cache.h"

namespace gantry::store {

class MessageLog {
 public:
  // on_arrival: called for every queue whose max_offset grew, after the write.
  MessageLog(Database& database, const Options& options, std::function<void(Queue&)> on_arrival);
  ~MessageLog();

  // Reads what is on the disk: queues, their ends, the end of the log.
  Result<void> load();
  void attach(GroupCommit& commit) { commit_ = &commit; }

  Queue* find(std::string_view topic, std::int32_t queue_id);
  Queue& open(std::string_view topic, std::int32_t queue_id);  // created when it is not there; id >= 0
  void drop(std::string_view topic);                           // all queues of the topic, with their index

  // Where the next record of a queue goes. `bytes` is to be filled, then append() called, before anything else is.
  struct Place {
    std::uint64_t physical_offset;
    std::int64_t queue_offset;
    std::span<char> bytes;
    std::uint64_t tail_position;
  };
  Result<Place> reserve(Queue& queue, std::size_t record_bytes);
  // key_hashes: of topic and key (hash_key) under which find_by_key finds the message.
  void append(Queue& queue, const Place& place, std::int64_t tags_code, std::int64_t store_time_ms,
              std::span<const std::uint64_t> key_hashes);

  Result<IndexEntry> entry_at(const Queue& queue, std::int64_t offset);
  Result<std::string> record_at(std::uint64_t physical_offset);  // not_found when there is none
  // The lowest offset with a store time >= time_ms; max_offset when all are older.
  Result<std::int64_t> offset_at_time(const Queue& queue, std::int64_t time_ms);
  // Physical offsets of messages under that key, newest first, at most `max`.
  std::vector<std::uint64_t> find_by_key(std::uint64_t key_hash, std::size_t max);
  static std::uint64_t hash_key(std::string_view topic, std::string_view key);

  // Deletes what retention no longer keeps; nothing when the disk cannot be read. now_ms: wall clock.
  void enforce_retention(std::int64_t now_ms);

  std::uint64_t min_physical_offset() const { return min_physical_; }
  std::uint64_t max_physical_offset() const { return committed_physical_; }
  std::optional<std::int64_t> earliest_store_time_ms();  // of the whole log; nullopt: empty, or not readable
  void for_each_queue(const std::function<void(Queue&)>& visit);

  // The rows of the index for what was appended since the last call.
  void write_index(rocksdb::WriteBatch& batch);
  void committed(std::uint64_t batch);
  void rolled_back();

 private:
  friend class QueueReader;

  struct Touched {
    Queue* queue;
    std::int64_t next_offset;
  };
  struct Pending {
    std::uint64_t batch;
    std::uint64_t physical_end;
    std::vector<Touched> queues;
  };
  struct TailItem {
    Queue* queue;  // null: dropped meanwhile
    std::uint64_t position;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using QueuesOfTopic = std::vector<std::unique_ptr<Queue>>;

  void touch(Queue& queue);
  void forget_overwritten();
  void save_queue(const Queue& queue);
  Result<void> load_end(Queue& queue);
  Result<void> load_next_number();
  struct Found {
    std::uint64_t physical_offset;
    std::int64_t store_time_ms;
  };
  Result<std::optional<Found>> record_from(std::uint64_t physical_offset);
  Result<std::uint64_t> oldest_to_keep(std::int64_t now_ms);
  struct Shortened {
    Queue* queue;
    std::int64_t min_offset;
    std::uint64_t min_physical;
  };
  Result<std::optional<Shortened>> shorten(Queue& queue, std::uint64_t keep);

  Database& database_;
  const Options& options_;
  std::function<void(Queue&)> on_arrival_;
  GroupCommit* commit_ = nullptr;
  std::unordered_map<std::string, QueuesOfTopic, TextHash, std::equal_to<>> topics_;
  std::uint32_t next_number_ = 1;
  std::uint64_t next_physical_ = 0;
  std::uint64_t committed_physical_ = 0;
  std::uint64_t min_physical_ = 0;
  TailCache tail_;
  std::deque<TailItem> tail_items_;
  std::deque<Pending> pending_;
};

}  // namespace gantry::store
