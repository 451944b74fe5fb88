// A LogStore in a directory: the log in segments of one size (log_format.h), snapshots as files beside them.
//
// A save is one write and one sync of a file whose size does not change. Segments that hold only what is forgotten serve
// again, so that a log at work takes no new room and frees none: writing where a file was written before spares
// the file system's own journal, half of the time of a synced write.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "raft/log_replay.h"
#include "raft/log_segment.h"
#include "raft/log_store.h"

namespace gantry::raft {

class FileLogStore final : public LogStore {
 public:
  struct Options {
    std::string directory;  // made when it is not there
    NodeId node = 0;        // stands in every segment; the store of another node is refused (Errc::invalid_argument)
    std::size_t segment_bytes = 8 << 20;  // a multiple of a block; an entry that does not fit one is refused
  };

  static Result<std::unique_ptr<FileLogStore>> open(Options options);

  Result<Stored> load() override;
  // What need not be synced is not written at all: a hint about `commit`, which the next write brings.
  Result<void> save(const HardState& hard_state, std::span<const Entry> entries, bool must_sync) override;
  Result<std::vector<Entry>> read(Index from, Index to, std::size_t bytes_max) override;
  Result<void> stage_snapshot(const SnapshotMeta& meta,
                              std::string_view bytes) override;  // touches no member: any thread
  Result<void> adopt_snapshot(const SnapshotMeta& meta) override;
  Result<void> install_snapshot(const SnapshotMeta& meta, std::string_view bytes, const HardState& hard_state) override;
  Result<Snapshot> read_snapshot() override;
  Result<void> compact(Position upto) override;

 private:
  struct Found;  // a segment as load() finds it

  explicit FileLogStore(Options options) : options_(std::move(options)) {}

  // load()'s
  Result<std::vector<Found>> find_segments();
  Result<std::optional<Found>> look_at(const std::string& path, std::uint64_t sequence);
  Result<void> replay(std::vector<Found> segments);
  Result<void> check_state() const;

  Result<void> read_neighbours(Index& from, Index end, std::vector<Entry>& entries);
  Result<void> save_part(const HardState& hard_state, std::span<const Entry> entries);
  Result<std::uint64_t> append(FrameKind kind, std::string_view content);
  Result<void> begin_segment();
  Result<BlockFile> next_file(const std::string& path);
  std::uint64_t first_needed() const;  // sequence of the oldest segment that is not only for what is forgotten
  void remove_spare_segments();

  std::string segment_path(std::uint64_t sequence) const;
  std::unexpected<Error> damaged(const std::string& path, std::string_view why) const;

  Options options_;
  LogState state_;  // as the frames say it
  EntryPlaces places_;
  std::map<std::uint64_t, BlockFile> older_;  // segments before the one that is written, by sequence
  std::optional<LogSegment> newest_;
  std::string content_;  // of the frame that is made
};

}  // namespace gantry::raft
