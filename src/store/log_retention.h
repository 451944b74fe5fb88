// Deleting what is old, by whole files: everything is read before anything is changed, and a disk that cannot be read
// deletes nothing. A file goes when it was stored that its messages are gone, so a start never finds queues that begin
// with messages that are not there. What could not be stored is tried again at each enforce().
//
// A full disk takes no such note, and may stay full for ever when only deleting could make room. So while it refuses writes
// for want of room, files go before that is stored: all but the newest, by which a start knows how far the log reached;
// it begins where the first file does. Then the disk is tried at once. When it refuses writes for any other reason,
// nothing is deleted.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "store/database.h"
#include "store/group_commit.h"
#include "store/log_state.h"
#include "store/options.h"

namespace gantry::store {

class LogRetention {
 public:
  // All of them must outlive it, and what it gave to a commit.
  LogRetention(LogState& state, Database& database, const Options& options)
      : state_(state), database_(database), options_(options) {}

  // Deletes what retention no longer keeps; nothing when the disk cannot be read. Also while the commit is broken, when
  // that is for want of room. now_ms: wall clock.
  void enforce(std::int64_t now_ms, GroupCommit& commit);
  // Deletes what lies before this physical offset, where a file begins or the log ends.
  Result<void> begin_at(std::uint64_t keep, GroupCommit& commit);

 private:
  struct Shortened {
    Queue* queue;
    std::int64_t min_offset;
    std::uint64_t min_physical;
  };

  Result<std::int64_t> newest_store_time_ms(std::size_t file);
  Result<std::uint64_t> oldest_to_keep(std::int64_t now_ms);
  Result<std::optional<Shortened>> shorten(Queue& queue, std::uint64_t keep) const;
  Result<void> move_begin(std::uint64_t keep, GroupCommit& commit);
  void remove_deleted_files(GroupCommit& commit);
  // Whether the first file lies before it and has others behind; whether there is one file, all of it before it.
  bool first_is_before(std::uint64_t begin) const;
  bool only_is_before(std::uint64_t begin) const;

  LogState& state_;
  Database& database_;
  const Options& options_;
};

}  // namespace gantry::store
