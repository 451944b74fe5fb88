// What is behind Group: the core, what it saves, and what was handed out. group.cc is its face, group_turn.cc its turn.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "raft/codec.h"
#include "raft/group.h"
#include "raft/membership.h"
#include "raft/node.h"

namespace gantry::raft {

// What was handed out and not yet applied, to be bounded by its bytes.
class Unapplied {
 public:
  void add(Index index, std::size_t bytes) {
    entries_.emplace_back(index, bytes);
    bytes_ += bytes;
  }
  void drop(Index upto) {
    while (!entries_.empty() && entries_.front().first <= upto) {
      bytes_ -= entries_.front().second;
      entries_.pop_front();
    }
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::deque<std::pair<Index, std::size_t>> entries_;
  std::size_t bytes_ = 0;
};

struct Group::Impl final : Source {
  Impl(GroupConfig given, LogStore& log_store) : config(std::move(given)), store(log_store) {}

  // Source: what the core asks for in the middle of a call.
  Result<std::vector<Entry>> read_entries(Index from, Index to, std::size_t bytes_max) noexcept override;
  std::optional<Position> snapshot_for(NodeId to) noexcept override;
  void log(int severity, std::string_view text) noexcept override;

  Result<void> begin();
  Result<Output> turn(const SendEarly& send_early);
  Result<void> handle_ready(Output& output, const SendEarly& send_early);
  Result<void> write(const Node::Ready& ready, Output& output);
  Result<void> install(Position at, Output& output);
  Result<void> hand_out(std::vector<Entry> entries, Output& output);
  Result<void> change_members(const Entry& entry, Output& output);
  std::optional<Output::Message> frame(const Node::CoreMessage& message);
  void answer_reads(const std::vector<Node::ReadAnswer>& answers, Output& output);
  void note_leadership(Output& output);
  void expire_reads();
  struct Round;
  void extend_lease(const Round& answered);
  void fail_reads();
  bool stalled() const { return unapplied.bytes() > config.unapplied_bytes_max; }

  Result<Snapshot> decode_own_snapshot(const Frame& frame);
  Result<void> compact_log();

  // Errc::internal of the node means that it is poisoned; an error of the store, that nobody knows what the disk has.
  template <class T>
  Result<T> checked(Result<T> result) {
    if (!result && result.error().code == Errc::internal) stop(result.error());
    return result;
  }
  template <class T>
  Result<T> stored(Result<T> result) {
    if (!result) stop(result.error());
    return result;
  }
  void stop(Error error) {
    // the disk's reason says more than the panic that followed from it
    if (!failed) failed = source_error ? *source_error : std::move(error);
  }

  GroupConfig config;
  LogStore& store;
  std::optional<Node> node;
  std::optional<Error> failed;
  std::optional<Error> source_error;

  HardState hard_state;
  MemberHistory members;
  Position snapshot_at;
  std::optional<SnapshotMeta> begun_snapshot;  // its bytes are being written
  std::map<NodeId, Position> described;        // of which snapshot the core's newest message to a node speaks
  Position truncated;
  std::optional<Snapshot> arriving;  // what came with a snapshot message that the core has taken, until the turn
  Index handed_out = 0;
  Index applied = 0;
  Unapplied unapplied;
  bool snapshot_wanted = false;

  std::uint64_t ticks = 0;
  std::map<NodeId, std::uint64_t> heard_at_tick;
  struct Round {
    std::uint64_t since_tick = 0;
    std::uint64_t since_ms = 0;
  };
  std::map<ReadRound, Round> rounds;
  struct Lease {
    Term term = 0;
    std::uint64_t since_ms = 0;
  };
  std::optional<Lease> lease;
  Term transferred_in = 0;  // whom it was handed to may be elected at any time in this term, by voters who heard of us
  std::vector<ReadRound> failed_rounds;
  Output::Leadership leadership;
  std::optional<Output> first;  // what the first turn begins with
};

}  // namespace gantry::raft
