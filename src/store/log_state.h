// What is known of the log: its queues, its files, its index, and where it begins and ends. A start fills it
// (log_recovery.h); then appending (message_log.h) moves its end, retention (log_retention.h) its begin, and readers
// (queue_reader.h) look. Event loop's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/error.h"
#include "store/log_files.h"
#include "store/message_index.h"
#include "store/queue_table.h"

namespace gantry::store {

struct LogState {
  LogState(Database& database, LogFiles log_files) : files(std::move(log_files)), index(database) {}

  QueueTable queues;
  LogFiles files;
  MessageIndex index;
  // Physical offsets.
  std::uint64_t min_physical = 0;        // all before it is deleted
  std::uint64_t committed_physical = 0;  // all before it is stored as promised
  std::uint64_t next_physical = 0;       // behind all that was appended, written or not
  std::int64_t last_store_time_ms = 0;   // of the newest message
  bool new_file = true;                  // the next entry begins one

  // The first message of the queue at or behind an offset, of memory or of the index; nullopt: there is none.
  Result<std::optional<MessageIndex::Found>> entry_from(const Queue& queue, std::int64_t offset) const {
    if (const auto* recent = queues.state(queue).recent_at(offset)) return MessageIndex::Found{offset, recent->entry};
    return index.first_from(queue, offset);
  }
};

}  // namespace gantry::store
