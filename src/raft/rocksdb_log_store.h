// A LogStore in a directory: hard state and log in RocksDB, one synced write for each save; snapshots as files beside it.
// Small by choice: about 40 MiB of memory at most.
#pragma once

#include <memory>
#include <string>

#include "raft/log_store.h"

namespace rocksdb {
class DB;
class Iterator;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace gantry::raft {

class RocksDbLogStore final : public LogStore {
 public:
  struct Options {
    std::string directory;  // made when it is not there
    NodeId node = 0;  // written down at the first start; the store of another node is refused (Errc::invalid_argument)
    std::size_t write_buffer_bytes = 8 << 20;
    std::size_t block_cache_bytes = 4 << 20;
  };

  static Result<std::unique_ptr<RocksDbLogStore>> open(Options options);
  ~RocksDbLogStore() override;

  Result<Stored> load() override;
  Result<void> save(const HardState& hard_state, std::span<const Entry> entries, bool must_sync) override;
  Result<std::vector<Entry>> read(Index from, Index to, std::size_t bytes_max) override;
  Result<void> stage_snapshot(const SnapshotMeta& meta, std::string_view bytes) override;
  Result<void> adopt_snapshot(const SnapshotMeta& meta) override;
  Result<void> install_snapshot(const SnapshotMeta& meta, std::string_view bytes, const HardState& hard_state) override;
  Result<Snapshot> read_snapshot() override;
  Result<void> compact(Position upto) override;

 private:
  RocksDbLogStore(Options options, std::unique_ptr<rocksdb::DB> db);

  Result<void> check_node(Stored& stored);
  Result<void> load_rows(Stored& stored);
  Result<void> load_log(Stored& stored);
  Result<std::string> get(std::string_view key) const;  // empty: no such row
  Result<void> write(rocksdb::WriteBatch& batch, bool sync);
  std::unexpected<Error> damaged(std::string_view why) const;
  std::unexpected<Error> failed(const rocksdb::Status& status, std::string_view doing) const;

  Options options_;
  std::unique_ptr<rocksdb::DB> db_;
  Index last_index_ = 0;
  Position truncated_;
  Index snapshot_index_ = 0;
};

}  // namespace gantry::raft
