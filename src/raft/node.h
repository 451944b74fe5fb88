// The consensus core as a C++ value: core.h with types, ownership and errors. It has neither clock nor thread nor disk; what
// it needs of older entries it asks of a Source. Group is the only user.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "raft/types.h"

struct RaftCore;

namespace gantry::raft {

// What the core asks of its owner in the middle of a call. Must live, and stay where it is, as long as the node.
class Source {
 public:
  virtual ~Source() = default;
  virtual Result<std::vector<Entry>> read_entries(Index from, Index to, std::size_t bytes_max) noexcept = 0;
  virtual std::optional<Position> snapshot_for(NodeId to) noexcept = 0;  // one that has it as a member; empty: not now
  virtual void log(int severity, std::string_view text) noexcept = 0;
};

struct NodeConfig {
  NodeId id = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t seed = 0;
  HardState hard_state;
  Position truncated;
  Index last_index = 0;
  Index applied = 0;  // `members` are those after this entry
  Members members;
  std::uint64_t election_ticks = 0;
  std::uint64_t heartbeat_ticks = 0;
  std::uint64_t message_bytes_max = 0;
  std::uint64_t inflight_messages_max = 0;
  std::uint64_t uncommitted_bytes_max = 0;
  std::uint64_t committed_bytes_max = 0;
  std::uint64_t cached_bytes_max = 0;
  std::uint64_t entry_bytes_max = 0;
};

// Errors: Errc::internal: poisoned (the core panicked), every later call fails alike. unavailable: not the leader, or
// leadership, members or a leader are in the making. resource_exhausted: too much uncommitted. invalid_argument: refused,
// nothing changed. corrupt: the leader counts on entries that are not here.
class Node {
 public:
  enum class Change : std::uint32_t { add_voter = 0, remove = 1, add_learner = 2 };

  struct CoreMessage {
    NodeId to = 0;
    bool snapshot = false;
    std::string_view bytes;  // until the next ready()
  };
  struct ReadAnswer {
    std::uint64_t counter = 0;
    Index index = 0;
  };
  struct Ready {
    std::optional<HardState> hard_state;
    bool must_sync = false;
    std::optional<Position> snapshot;
    std::vector<Entry> entries;
    std::vector<Entry> committed;
    std::vector<ReadAnswer> reads;
    std::vector<CoreMessage> early_messages;
  };
  struct Advance {
    Index commit = 0;
    std::vector<Entry> committed;
    std::vector<CoreMessage> messages;
  };
  struct Status {
    Role role = Role::follower;
    Term term = 0;
    NodeId leader = 0;
    Index commit = 0;
    Index last = 0;
    bool may_read = false;
    std::optional<Position> pending_snapshot;
  };
  struct AppliedChange {
    bool applied = false;  // false: refused, on every node alike
    Change kind = Change::add_voter;
    NodeId id = 0;
    std::string context;
  };

  static Result<Node> create(const NodeConfig& config, Source& source);

  Result<void> tick();
  Result<void> campaign();
  Result<NodeId> step(std::string_view message, const SnapshotMeta* snapshot);  // who wrote it
  Result<Position> propose(std::string_view data);
  Result<Position> propose_change(Change kind, NodeId id, std::string_view context);
  Result<AppliedChange> apply_change(std::string_view data);
  Result<std::uint64_t> read_round();
  Result<void> transfer(NodeId to);
  Result<void> report_unreachable(NodeId id);
  Result<void> report_snapshot(NodeId id, bool delivered);

  bool has_ready() const;     // false when poisoned
  Result<Ready> ready();      // what to save; then
  Result<Advance> advance();  // it is saved
  Result<void> advance_applied(Index index);
  Result<void> compact(Index upto);

  Result<Term> term(Index index) const;
  Status status() const;
  std::optional<Index> matched(NodeId id) const;  // the leader's

  Result<void> panic();  // for tests

 private:
  struct Destroy {
    void operator()(RaftCore* core) const;
  };
  explicit Node(RaftCore* core) : core_(core) {}
  Result<void> outcome(int code) const;

  std::unique_ptr<RaftCore, Destroy> core_;
};

}  // namespace gantry::raft
