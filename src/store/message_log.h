// The messages: one log for all queues, ordered by physical offset, and per queue an index from queue offset to log.
// Appends become visible to readers when their batch is stored as promised, and are undone when it is not.
// Everything runs on the event loop's thread. Here is appending and reading. What a start finds, and how log and index
// are made to agree: log_recovery.h. Deleting what is old: log_retention.h. What they share: log_state.h.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/database.h"
#include "store/group_commit.h"
#include "store/log_entry.h"
#include "store/log_retention.h"
#include "store/log_state.h"
#include "store/log_writer.h"
#include "store/queue.h"
#include "store/tail_cache.h"

namespace gantry::store {

class MessageLog {
 public:
  // on_arrival: called for every queue whose max_offset grew, after the write.
  MessageLog(Database& database, const Options& options, std::function<void(Queue&)> on_arrival);

  // To be called once, before load(). The writer is where groups go whose log write_group() has made.
  void attach(GroupCommit& commit) { commit_ = &commit; }
  LogWriter& writer() { return writer_; }

  // Reads what is on the disk: queues, their ends, the end of the log. What a lost process or lost power left half done
  // is completed or removed, and said in the log when it was more than the write in progress.
  Result<void> load();
  // At the start the log did not have all that the index has: power was lost under Flush::async, or files were removed.
  // Messages are gone, and offsets that were remembered elsewhere may lie beyond max_offset().
  bool lost_messages() const { return lost_messages_; }

  Queue* find(std::string_view topic, std::int32_t queue_id) { return state_.queues.find(topic, queue_id); }
  Queue& open(std::string_view topic, std::int32_t queue_id);  // created when it is not there; id >= 0
  void drop(std::string_view topic);                           // all queues of the topic, with their index

  // What is known of a message beside its record.
  struct Facts {
    std::int64_t tags_code = 0;
    std::int64_t store_time_ms = 0;
    std::span<const std::uint64_t> key_hashes = {};  // of topic and key (hash_key) under which find_by_key finds it
  };
  // Where the next record of a queue goes. `bytes` is to be filled, then append() called, before anything else is.
  struct Place {
    std::uint64_t physical_offset;
    std::int64_t queue_offset;
    std::span<char> bytes;
    EntryHeader header;
    char* entry;
    bool begins_file;
  };
  Result<Place> reserve(Queue& queue, std::size_t record_bytes, const Facts& facts);
  void append(Queue& queue, const Place& place);

  Result<IndexEntry> entry_at(const Queue& queue, std::int64_t offset);  // not_found when there is none
  // not_found when no record begins there; corrupt when one does and is damaged.
  Result<std::string> record_at(std::uint64_t physical_offset);  // not_found: no message begins there
  // Of a message that was stored there: not_found only when retention deleted it, else what is not there is corrupt.
  Result<std::string> record_of(std::uint64_t physical_offset);
  // The lowest offset with a store time >= time_ms; max_offset when all are older.
  Result<std::int64_t> offset_at_time(const Queue& queue, std::int64_t time_ms);
  // Physical offsets of messages under that key, newest first, at most `max`.
  Result<std::vector<std::uint64_t>> find_by_key(std::uint64_t key_hash, std::size_t max);
  static std::uint64_t hash_key(std::string_view topic, std::string_view key);

  // Deletes what retention no longer keeps; nothing when the disk cannot be read. now_ms: wall clock.
  void enforce_retention(std::int64_t now_ms) { retention_.enforce(now_ms, *commit_); }

  std::uint64_t min_physical_offset() const { return state_.min_physical; }
  std::uint64_t max_physical_offset() const { return state_.committed_physical; }
  // Behind all that was appended, written or not.
  std::uint64_t next_physical_offset() const { return state_.next_physical; }
  std::optional<std::int64_t> earliest_store_time_ms();  // of the whole log; nullopt: empty, or not readable
  void for_each_queue(const std::function<void(Queue&)>& visit) { state_.queues.for_each(visit); }

  // Called by the commit. write_group: adds the rows for what was appended since the last call, returns what goes to
  // the log.
  LogWrite write_group(rocksdb::WriteBatch& batch, bool with_rows);
  void committed(std::uint64_t batch);
  void rolled_back();

  // Gives back memory and has the newest file synced in the background.
  void rest();

 private:
  friend class QueueReader;

  struct Touched {
    Queue* queue;
    std::int64_t next_offset;
  };
  struct Pending {
    std::uint64_t batch;
    std::uint64_t physical_end;
    std::uint64_t first_chunk;  // of the tail cache
    std::vector<Touched> queues;
  };
  struct TailItem {
    Queue* queue;  // null: dropped meanwhile
    std::uint64_t physical_offset;
    const char* record;
    std::uint32_t record_bytes;
    std::uint64_t chunk;
  };

  void touch(Queue& queue, std::uint64_t chunk);
  void forget_overwritten();
  bool file_is_full(std::size_t entry_bytes, std::int64_t store_time_ms) const;
  const TailItem* find_in_tail(std::uint64_t physical_offset) const;

  Database& database_;
  const Options& options_;
  std::function<void(Queue&)> on_arrival_;
  GroupCommit* commit_ = nullptr;
  LogState state_;
  LogRetention retention_;
  bool lost_messages_ = false;
  TailCache tail_;
  LogWriter writer_;
  LogWrite gathered_;              // what was appended since the last write
  char* last_gathered_ = nullptr;  // its last entry
  std::deque<TailItem> tail_items_;
  std::deque<Pending> pending_;
};

}  // namespace gantry::store
