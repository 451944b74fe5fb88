// A LogStore in memory that can lose what a disk can lose: unsynced writes at a crash, a write that fails, or all of it. It
// outlives the node that uses it, like a disk; crash() is what happens to it when the node is killed or the power goes.
//
// Planted bugs (Lie) make it break its word, so that tests can show that the break is found.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "raft/log_store.h"

namespace gantry::raft::sim {

class MemoryLogStore final : public LogStore {
 public:
  enum class Lie {
    none,
    unsynced,     // says "durable" of its newest write and is wrong: a crash takes it back
    forget_vote,  // a crash takes the vote back
  };

  explicit MemoryLogStore(Lie lie = Lie::none) : lie_(lie) {}

  // What was not durable is gone.
  void crash() {
    if (last_durable_) {
      last_durable_->incarnation = state_.incarnation;
      state_ = std::move(*std::exchange(last_durable_, std::nullopt));
      durable_hard_state_.reset();
    }
    if (durable_hard_state_) state_.hard_state = *std::exchange(durable_hard_state_, std::nullopt);
    if (lie_ == Lie::forget_vote) state_.hard_state.vote = 0;
    fail_next_.reset();
    fail_next_staging_ = false;
    staged_.reset();
  }

  // The file of the next snapshot cannot be written.
  void fail_next_staging() { fail_next_staging_ = true; }
  // The next write fails; `written`: it has reached the disk all the same.
  void fail_next(bool written) { fail_next_ = written; }
  void corrupt() { corrupt_ = true; }
  void wipe() { state_ = State{.incarnation = state_.incarnation}; }

  const HardState& hard_state() const { return state_.hard_state; }
  Index last_index() const { return state_.entries.empty() ? state_.truncated.index : state_.entries.rbegin()->first; }
  const std::map<Index, Entry>& entries() const { return state_.entries; }
  Position truncated() const { return state_.truncated; }
  std::size_t syncs() const { return syncs_; }

  Result<Stored> load() override {
    if (corrupt_) return fail(Errc::corrupt, "the log in memory is damaged");
    ++state_.incarnation;
    Stored stored{state_.hard_state, state_.truncated, last_index(), std::nullopt, state_.incarnation};
    if (state_.snapshot) stored.snapshot = state_.snapshot->meta;
    return stored;
  }

  Result<void> save(const HardState& hard_state, std::span<const Entry> entries, bool must_sync) override {
    return write(must_sync, [&] {
      if (!must_sync && !durable_hard_state_) durable_hard_state_ = state_.hard_state;
      state_.hard_state = hard_state;
      if (entries.empty()) return;
      state_.entries.erase(state_.entries.lower_bound(entries.front().index), state_.entries.end());
      for (const auto& entry : entries) state_.entries.emplace(entry.index, entry);
    });
  }

  Result<std::vector<Entry>> read(Index from, Index to, std::size_t bytes_max) override {
    std::vector<Entry> out;
    std::size_t bytes = 0;
    for (auto it = state_.entries.find(from); it != state_.entries.end() && it->first < to; ++it) {
      bytes += it->second.data.size();
      if (!out.empty() && bytes > bytes_max) break;
      out.push_back(it->second);
    }
    if (out.empty()) return fail(Errc::corrupt, "entry {} is not there", from);
    return out;
  }

  Result<void> stage_snapshot(const SnapshotMeta& meta, std::string_view bytes) override {
    if (std::exchange(fail_next_staging_, false)) return fail(Errc::unavailable, "the disk failed");
    staged_ = Snapshot{meta, std::string(bytes)};
    return {};
  }

  Result<void> adopt_snapshot(const SnapshotMeta& meta) override {
    if (!staged_ || staged_->meta != meta) return fail(Errc::corrupt, "the snapshot at {} is not there", meta.at.index);
    return write(true, [&] { state_.snapshot = std::move(*std::exchange(staged_, std::nullopt)); });
  }

  Result<void> install_snapshot(const SnapshotMeta& meta, std::string_view bytes,
                                const HardState& hard_state) override {
    return write(true, [&] {
      state_.snapshot = Snapshot{meta, std::string(bytes)};
      state_.truncated = meta.at;
      state_.entries.clear();
      state_.hard_state = hard_state;
    });
  }

  Result<Snapshot> read_snapshot() override {
    if (!state_.snapshot) return fail(Errc::not_found, "there is no snapshot");
    return *state_.snapshot;
  }

  Result<void> compact(Position upto) override {
    return write(true, [&] {
      state_.entries.erase(state_.entries.begin(), state_.entries.upper_bound(upto.index));
      state_.truncated = upto;
    });
  }

 private:
  struct State {
    HardState hard_state;
    Position truncated;
    std::map<Index, Entry> entries;
    std::optional<Snapshot> snapshot;
    std::uint64_t incarnation = 0;
  };

  template <class Change>
  Result<void> write(bool sync, const Change& change) {
    auto failing = std::exchange(fail_next_, std::nullopt);
    if (!failing || *failing) {
      if (lie_ == Lie::unsynced) last_durable_ = state_;
      change();
      if (sync) durable_hard_state_.reset();
      if (sync) ++syncs_;
    }
    if (failing) return fail(Errc::unavailable, "the disk failed");
    return {};
  }

  Lie lie_;
  State state_;
  std::optional<State> last_durable_;            // of a liar
  std::optional<HardState> durable_hard_state_;  // when the newest write of it was not synced
  std::optional<Snapshot> staged_;
  std::optional<bool> fail_next_;
  bool fail_next_staging_ = false;
  bool corrupt_ = false;
  std::size_t syncs_ = 0;
};

}  // namespace gantry::raft::sim
