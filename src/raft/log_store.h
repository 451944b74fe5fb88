// Where a member of a group keeps what it must not forget: hard state, log, newest snapshot. Group is the only caller,
// from one thread (but for stage_snapshot), and every call is synchronous: what a call wrote is durable when it returns,
// because messages that promise it go out right after.
//
// Errors: Errc::corrupt when what is stored cannot be what was written (the message names the file and ends with
// kAfterDamage; state is never invented), anything else when the disk failed. After an error of a write nobody knows what
// is on the disk: the group stops, and the node begins again with load().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "raft/types.h"

namespace gantry::raft {

// The whole directory: what remembers the membership lies beside the log, and alone it would look like a log that is lost.
inline constexpr std::string_view kAfterDamage =
    "as long as a majority of the other members works, remove the whole data directory of this node, not only the log, "
    "start it, and give it a new id: gantry controller members replace";

// What load() finds. Nothing at all (snapshot empty): the node never belonged to a group.
struct Stored {
  HardState hard_state;
  Position truncated;  // entries up to this one are gone; covered by the snapshot
  Index last_index = 0;
  std::optional<SnapshotMeta> snapshot;
  std::uint64_t incarnation = 0;  // how often load() was called on this store, from 1: makes names unique over restarts

  bool empty() const { return !snapshot && hard_state.term == 0 && last_index == 0; }
};

class LogStore {
 public:
  virtual ~LogStore() = default;

  // Once per life of a node, first. Counts the incarnation, durably.
  virtual Result<Stored> load() = 0;

  // One atomic write: the hard state, and the entries (contiguous; those stored from the first one's index on are cut,
  // they lost against another leader's). must_sync false: only `commit` changed, it may be forgotten.
  virtual Result<void> save(const HardState& hard_state, std::span<const Entry> entries, bool must_sync) = 0;

  // Entries [from, to) in order: at least one, then until `bytes_max` of data is exceeded.
  virtual Result<std::vector<Entry>> read(Index from, Index to, std::size_t bytes_max) = 0;

  // A snapshot of our own, at an entry that is in the log, in two steps, since it is large. It is put on the disk, where nothing
  // counts on it: the one call that another thread may make, while others go on here. Then it replaces the one before; the
  // log stays. What was staged and not adopted is gone at the next start, or with the next one; a snapshot from the leader
  // that is installed meanwhile may make the first step fail, and is newer.
  virtual Result<void> stage_snapshot(const SnapshotMeta& meta, std::string_view bytes) = 0;
  virtual Result<void> adopt_snapshot(const SnapshotMeta& meta) = 0;
  Result<void> save_snapshot(const SnapshotMeta& meta, std::string_view bytes) {
    if (auto staged = stage_snapshot(meta, bytes); !staged) return staged;
    return adopt_snapshot(meta);
  }

  // A snapshot from the leader: replaces snapshot and log (`truncated` becomes meta.at) and the hard state, atomically.
  virtual Result<void> install_snapshot(const SnapshotMeta& meta, std::string_view bytes,
                                        const HardState& hard_state) = 0;

  // The newest snapshot; Errc::not_found when there is none.
  virtual Result<Snapshot> read_snapshot() = 0;

  // Entries up to `upto` may be forgotten; the snapshot covers them.
  virtual Result<void> compact(Position upto) = 0;
};

}  // namespace gantry::raft
