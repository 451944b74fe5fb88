// A log store whose synced writes are timed. Everything else is that of the store below.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "controller/raft_gauges.h"
#include "raft/log_store.h"

namespace gantry::controller {

class TimedLogStore final : public raft::LogStore {
 public:
  TimedLogStore(std::unique_ptr<raft::LogStore> store, std::shared_ptr<RaftGauges> gauges)
      : store_(std::move(store)), gauges_(std::move(gauges)) {}

  Result<raft::Stored> load() override { return store_->load(); }
  Result<void> save(const raft::HardState& hard_state, std::span<const raft::Entry> entries, bool must_sync) override {
    const auto began = std::chrono::steady_clock::now();
    auto saved = store_->save(hard_state, entries, must_sync);
    if (!must_sync || !saved) return saved;
    const auto took = std::chrono::steady_clock::now() - began;
    gauges_->sync_latency.record(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    gauges_->synced_entries += entries.size();
    std::uint64_t bytes = 0;
    for (const raft::Entry& entry : entries) bytes += entry.data.size();
    gauges_->synced_bytes += bytes;
    return saved;
  }
  Result<std::vector<raft::Entry>> read(raft::Index from, raft::Index to, std::size_t bytes_max) override {
    return store_->read(from, to, bytes_max);
  }
  Result<void> stage_snapshot(const raft::SnapshotMeta& meta, std::string_view bytes) override {
    return store_->stage_snapshot(meta, bytes);
  }
  Result<void> adopt_snapshot(const raft::SnapshotMeta& meta) override {
    gauges_->snapshots += 1;
    return store_->adopt_snapshot(meta);
  }
  Result<void> install_snapshot(const raft::SnapshotMeta& meta, std::string_view bytes,
                                const raft::HardState& hard_state) override {
    gauges_->snapshots += 1;
    return store_->install_snapshot(meta, bytes, hard_state);
  }
  Result<raft::Snapshot> read_snapshot() override { return store_->read_snapshot(); }
  Result<void> compact(raft::Position upto) override { return store_->compact(upto); }

 private:
  std::unique_ptr<raft::LogStore> store_;
  std::shared_ptr<RaftGauges> gauges_;
};

}  // namespace gantry::controller
