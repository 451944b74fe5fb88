#include "raft/node.h"

#include <array>

#include "raft/core.h"

namespace gantry::raft {
namespace {

RaftCoreSlice slice(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string_view view(RaftCoreSlice bytes) { return {reinterpret_cast<const char*>(bytes.data), bytes.size}; }

RaftCoreHardState to_core(const HardState& state) { return {state.term, state.vote, state.commit}; }

std::vector<Entry> entries_of(const RaftCoreEntry* entries, std::size_t size) {
  std::vector<Entry> out;
  out.reserve(size);
  for (const auto& entry : std::span(entries, size)) {
    auto kind = entry.kind == RAFT_CORE_ENTRY_NORMAL ? EntryKind::normal : EntryKind::membership;
    out.push_back({entry.index, entry.term, kind, std::string(view(entry.data))});
  }
  return out;
}

std::vector<Node::CoreMessage> messages_of(const RaftCoreMessage* messages, std::size_t size) {
  std::vector<Node::CoreMessage> out;
  out.reserve(size);
  for (const auto& message : std::span(messages, size))
    out.push_back({message.to, message.is_snapshot, view(message.bytes)});
  return out;
}

// The ids of the members in the two arrays that the core takes; must outlive what refers to them.
struct MemberIds {
  explicit MemberIds(const Members& members) {
    for (const auto& member : members.list) (member.voter ? voters : learners).push_back(member.id);
  }
  RaftCoreMembers refer() const { return {voters.data(), voters.size(), learners.data(), learners.size()}; }

  std::vector<NodeId> voters;
  std::vector<NodeId> learners;
};

int read_entries(void* owner, std::uint64_t from, std::uint64_t to, std::uint64_t bytes_max, void* sink) {
  auto entries = static_cast<Source*>(owner)->read_entries(from, to, bytes_max);
  if (!entries) return 1;
  for (const auto& entry : *entries) {
    RaftCoreEntry out{entry.index, entry.term, static_cast<std::uint32_t>(entry.kind), slice(entry.data)};
    raft_core_push_entry(sink, &out);
  }
  return 0;
}

int describe_snapshot(void* owner, std::uint64_t to, std::uint64_t* index, std::uint64_t* term) {
  auto at = static_cast<Source*>(owner)->snapshot_for(to);
  if (!at) return 1;
  *index = at->index;
  *term = at->term;
  return 0;
}

void write_log(void* owner, int severity, const char* text, std::size_t size) {
  static_cast<Source*>(owner)->log(severity, {text, size});
}

Errc errc_of(int code) {
  switch (code) {
    case RAFT_CORE_NOT_LEADER:
    case RAFT_CORE_TRANSFERRING:
    case RAFT_CORE_NOT_READY:
    case RAFT_CORE_PENDING: return Errc::unavailable;
    case RAFT_CORE_OVERLOADED: return Errc::resource_exhausted;
    case RAFT_CORE_INVALID: return Errc::invalid_argument;
    case RAFT_CORE_LOST_LOG: return Errc::corrupt;
    default: return Errc::internal;
  }
}

}  // namespace

void Node::Destroy::operator()(RaftCore* core) const { raft_core_destroy(core); }

Result<Node> Node::create(const NodeConfig& config, Source& source) {
  MemberIds ids(config.members);
  RaftCoreConfig core{};
  core.id = config.id;
  core.incarnation = config.incarnation;
  core.seed = config.seed;
  core.hard_state = to_core(config.hard_state);
  core.truncated_index = config.truncated.index;
  core.truncated_term = config.truncated.term;
  core.last_index = config.last_index;
  core.applied = config.applied;
  core.members = ids.refer();
  core.election_ticks = config.election_ticks;
  core.heartbeat_ticks = config.heartbeat_ticks;
  core.message_bytes_max = config.message_bytes_max;
  core.inflight_messages_max = config.inflight_messages_max;
  core.uncommitted_bytes_max = config.uncommitted_bytes_max;
  core.committed_bytes_max = config.committed_bytes_max;
  core.cached_bytes_max = config.cached_bytes_max;
  core.entry_bytes_max = config.entry_bytes_max;
  RaftCoreCallbacks callbacks{&source, read_entries, describe_snapshot, write_log};
  std::array<char, 400> error{};
  auto* created = raft_core_create(&core, &callbacks, error.data(), error.size());
  if (created == nullptr) return fail(Errc::internal, "the consensus core cannot start: {}", error.data());
  return Node(created);
}

Result<void> Node::outcome(int code) const {
  if (code == RAFT_CORE_OK) return {};
  return std::unexpected(Error{errc_of(code), std::string(view(raft_core_error(core_.get())))});
}

Result<void> Node::tick() { return outcome(raft_core_tick(core_.get())); }

Result<void> Node::campaign() { return outcome(raft_core_campaign(core_.get())); }

Result<NodeId> Node::step(std::string_view message, const SnapshotMeta* snapshot) {
  NodeId from = 0;
  auto code = [&] {
    if (snapshot == nullptr) return raft_core_step(core_.get(), slice(message), nullptr, &from);
    MemberIds ids(snapshot->members);
    RaftCoreSnapshot core{snapshot->at.index, snapshot->at.term, ids.refer()};
    return raft_core_step(core_.get(), slice(message), &core, &from);
  }();
  if (auto done = outcome(code); !done) return std::unexpected(done.error());
  return from;
}

Result<Position> Node::propose(std::string_view data) {
  RaftCoreProposal proposal{};
  auto done = outcome(raft_core_propose(core_.get(), slice(data), &proposal));
  if (!done) return std::unexpected(done.error());
  return Position{proposal.index, proposal.term};
}

Result<Position> Node::propose_change(Change kind, NodeId id, std::string_view context) {
  RaftCoreProposal proposal{};
  auto done =
      outcome(raft_core_propose_member(core_.get(), static_cast<std::uint32_t>(kind), id, slice(context), &proposal));
  if (!done) return std::unexpected(done.error());
  return Position{proposal.index, proposal.term};
}

Result<Node::AppliedChange> Node::apply_change(std::string_view data) {
  RaftCoreChange change{};
  auto done = outcome(raft_core_apply_member(core_.get(), slice(data), &change));
  if (!done) return std::unexpected(done.error());
  return AppliedChange{change.applied, static_cast<Change>(change.kind), change.id, std::string(view(change.context))};
}

Result<std::uint64_t> Node::read_round() {
  std::uint64_t counter = 0;
  auto done = outcome(raft_core_read_round(core_.get(), &counter));
  if (!done) return std::unexpected(done.error());
  return counter;
}

Result<void> Node::transfer(NodeId to) { return outcome(raft_core_transfer(core_.get(), to)); }

Result<void> Node::report_unreachable(NodeId id) { return outcome(raft_core_report_unreachable(core_.get(), id)); }

Result<void> Node::report_snapshot(NodeId id, bool delivered) {
  return outcome(raft_core_report_snapshot(core_.get(), id, delivered));
}

bool Node::has_ready() const {
  bool has = false;
  return raft_core_has_ready(core_.get(), &has) == RAFT_CORE_OK && has;
}

Result<Node::Ready> Node::ready() {
  RaftCoreReady core{};
  auto done = outcome(raft_core_ready(core_.get(), &core));
  if (!done) return std::unexpected(done.error());
  Ready out;
  if (core.has_hard_state)
    out.hard_state = HardState{core.hard_state.term, core.hard_state.vote, core.hard_state.commit};
  out.must_sync = core.must_sync;
  if (core.has_snapshot) out.snapshot = Position{core.snapshot_index, core.snapshot_term};
  out.entries = entries_of(core.entries, core.entries_size);
  out.committed = entries_of(core.committed, core.committed_size);
  for (const auto& read : std::span(core.reads, core.reads_size)) out.reads.push_back({read.counter, read.index});
  out.early_messages = messages_of(core.early_messages, core.early_messages_size);
  return out;
}

Result<Node::Advance> Node::advance() {
  RaftCoreAdvance core{};
  auto done = outcome(raft_core_advance(core_.get(), &core));
  if (!done) return std::unexpected(done.error());
  return Advance{core.commit, entries_of(core.committed, core.committed_size),
                 messages_of(core.messages, core.messages_size)};
}

Result<void> Node::advance_applied(Index index) { return outcome(raft_core_advance_applied(core_.get(), index)); }

Result<void> Node::compact(Index upto) { return outcome(raft_core_compact(core_.get(), upto)); }

Result<Term> Node::term(Index index) const {
  Term term = 0;
  if (auto done = outcome(raft_core_term(core_.get(), index, &term)); !done) return std::unexpected(done.error());
  return term;
}

Node::Status Node::status() const {
  RaftCoreStatus core{};
  raft_core_status(core_.get(), &core);  // of a poisoned node: all zero
  Status out;
  out.role = static_cast<Role>(core.role);
  out.term = core.term;
  out.leader = core.leader;
  out.commit = core.commit;
  out.last = core.last;
  out.may_read = core.may_read;
  if (core.pending_snapshot) out.pending_snapshot = Position{core.pending_snapshot_index, core.pending_snapshot_term};
  return out;
}

std::optional<Index> Node::matched(NodeId id) const {
  Index matched = 0;
  if (raft_core_matched(core_.get(), id, &matched) != RAFT_CORE_OK) return std::nullopt;
  return matched;
}

Result<void> Node::panic() { return outcome(raft_core_panic(core_.get())); }

}  // namespace gantry::raft
