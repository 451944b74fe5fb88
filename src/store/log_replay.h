// Reads the entries of the log's files at a start and indexes those that the index has not: whole groups, in order. The
// files are the truth about messages. What no entry is between entries is damage: it is said, remembered as lost, and
// what lies behind is still read. Nothing of the files is changed here.
//
// A group that also changed settings or timers counts only when something follows it: nobody was told that it was done,
// and its timers are not stored.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "store/database.h"
#include "store/log_scan.h"
#include "store/log_state.h"

namespace gantry::store {

// What RocksDB remembers of how far the log reached. Physical offsets.
struct LogEnds {
  std::uint64_t indexed = 0;  // the index has all before it
  std::uint64_t synced = 0;   // the log has all before it, whatever happened to the power
};

// Physical offsets between which no message is.
struct LostRange {
  std::uint64_t begin, end;
};

class LogReplay {
 public:
  // The state's queues are loaded, with their ends in the index; run() is called once.
  LogReplay(LogState& state, Database& database, const LogEnds& ends);

  // From the last place that is known to be in both, to the end of the files. Queues and index then have what the log
  // has, also on the disk.
  Result<void> run();

  std::uint64_t end() const { return end_; }  // behind the last entry that counts
  const std::vector<LostRange>& lost() const { return lost_; }

 private:
  struct Entry {
    EntryHeader header;
    std::string keys;
    std::uint64_t end;
    std::string topic;  // of a queue that is not known
    std::int32_t queue_id = 0;
  };

  Result<void> begin_where_files_end();
  Result<void> replay_file(std::size_t file, std::uint64_t from);
  Result<void> replay_entry(const LogScan::Found& found);
  Result<void> apply(std::vector<Entry>& group);
  Queue* queue_of(const Entry& entry);
  Result<void> write();

  LogState& state_;
  Database& database_;
  LogEnds ends_;
  std::uint64_t begin_;
  std::uint64_t end_;
  std::uint64_t covered_;  // behind the last entry that is whole
  std::vector<LostRange> lost_;
  std::vector<Entry> group_;                          // that is being read
  std::vector<Entry> with_rows_;                      // complete, and changed settings: counts when something follows
  std::unordered_map<std::uint32_t, Queue*> queues_;  // by number
  std::vector<Queue*> touched_;
  rocksdb::WriteBatch batch_;
  std::size_t batch_entries_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t without_queue_ = 0;
  // The end of a file that is no entry: damage when entries follow in the next.
  std::uint64_t rest_at_ = 0, rest_bytes_ = 0;
};

}  // namespace gantry::store
