#include "raft/group.h"

#include <deque>
#include <map>
#include <utility>

#include "raft/codec.h"
#include "raft/membership.h"
#include "raft/node.h"

namespace gantry::raft {
namespace {

Result<void> check_config(const GroupConfig& config) {
  if (config.id == 0) return fail(Errc::invalid_argument, "a node needs an id that is not 0");
  if (config.heartbeat_ticks == 0 || config.election_ticks <= 2 * config.heartbeat_ticks) {
    return fail(Errc::invalid_argument,
                "election_ticks ({}) must be more than twice heartbeat_ticks ({}), that more than 0",
                config.election_ticks, config.heartbeat_ticks);
  }
  if (config.message_bytes_max == 0 || config.inflight_messages_max == 0 || config.uncommitted_bytes_max == 0 ||
      config.committed_bytes_per_turn == 0) {
    return fail(Errc::invalid_argument, "a limit of the group is 0");
  }
  return {};
}

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

}  // namespace

struct Group::Impl final : Source {
  Impl(GroupConfig given, LogStore& log_store) : config(std::move(given)), store(log_store) {}

  // Source: what the core asks for in the middle of a call.
  Result<std::vector<Entry>> read_entries(Index from, Index to, std::size_t bytes_max) noexcept override;
  std::optional<Position> newest_snapshot() noexcept override;
  void log(int severity, std::string_view text) noexcept override;

  Result<void> begin();
  Result<Output> turn(const std::function<void(Output::Message&&)>& send_early);
  Result<void> handle_ready(Output& output, const std::function<void(Output::Message&&)>& send_early);
  Result<void> write(const Node::Ready& ready, Output& output);
  Result<void> install(Position at, Output& output);
  Result<void> hand_out(std::vector<Entry> entries, Output& output);
  Result<void> change_members(const Entry& entry, Output& output);
  std::optional<Output::Message> frame(const Node::CoreMessage& message);
  void answer_reads(const std::vector<Node::ReadAnswer>& answers, Output& output);
  void note_leadership(Output& output);
  void expire_reads();
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
  Position truncated;
  std::optional<Snapshot> arriving;  // what came with a snapshot message that the core has taken, until the turn
  Index handed_out = 0;
  Index applied = 0;
  Unapplied unapplied;

  std::uint64_t ticks = 0;
  std::map<NodeId, std::uint64_t> heard_at_tick;
  std::map<ReadRound, std::uint64_t> rounds;  // since which tick
  std::vector<ReadRound> failed_rounds;
  Output::Leadership leadership;
  std::optional<Output> first;  // what the first turn begins with
};

// --- the core's questions ---

Result<std::vector<Entry>> Group::Impl::read_entries(Index from, Index to, std::size_t bytes_max) noexcept {
  auto entries = store.read(from, to, bytes_max);
  if (!entries) source_error = entries.error();
  return entries;
}

std::optional<Position> Group::Impl::newest_snapshot() noexcept {
  if (snapshot_at.index == 0) return std::nullopt;
  return snapshot_at;
}

void Group::Impl::log(int severity, std::string_view text) noexcept {
  if (config.log) config.log(severity, text);
}

// --- opening ---

Result<void> Group::Impl::begin() {
  auto stored = store.load();
  if (!stored) return std::unexpected(stored.error());
  NodeConfig core{.id = config.id,
                  .incarnation = stored->incarnation,
                  .seed = config.seed,
                  .hard_state = stored->hard_state,
                  .truncated = stored->truncated,
                  .last_index = stored->last_index,
                  .election_ticks = config.election_ticks,
                  .heartbeat_ticks = config.heartbeat_ticks,
                  .message_bytes_max = config.message_bytes_max,
                  .inflight_messages_max = config.inflight_messages_max,
                  .uncommitted_bytes_max = config.uncommitted_bytes_max,
                  .committed_bytes_max = config.committed_bytes_per_turn,
                  .cached_bytes_max = config.cached_bytes_max,
                  .entry_bytes_max = config.entry_bytes_max};
  hard_state = stored->hard_state;
  truncated = stored->truncated;
  if (stored->snapshot) {
    auto snapshot = store.read_snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    // The state of the application and the members are those of the snapshot; all later entries are handed out again.
    snapshot_at = snapshot->meta.at;
    core.applied = handed_out = applied = snapshot_at.index;
    core.members = snapshot->meta.members;
    members.reset(snapshot_at.index, snapshot->meta.members);
    first.emplace();
    first->restore = Output::Restore{snapshot_at.index, std::move(snapshot->bytes)};
    first->members = members.newest();
  }
  auto created = Node::create(core, *this);
  if (!created) return std::unexpected(source_error ? *source_error : created.error());
  node.emplace(std::move(*created));
  return {};
}

// --- a turn ---

Result<Output> Group::Impl::turn(const std::function<void(Output::Message&&)>& send_early) {
  Output output;
  if (first) output = std::move(*std::exchange(first, std::nullopt));
  if (!stalled() && node->has_ready()) {
    if (auto handled = handle_ready(output, send_early); !handled) return std::unexpected(handled.error());
  }
  note_leadership(output);
  output.failed_reads = std::exchange(failed_rounds, {});
  return output;
}

// The order matters: written, then promised and handed out.
Result<void> Group::Impl::handle_ready(Output& output, const std::function<void(Output::Message&&)>& send_early) {
  auto ready = checked(node->ready());
  if (!ready) return std::unexpected(ready.error());
  for (const auto& message : ready->early_messages) {
    auto framed = frame(message);
    if (!framed) continue;
    if (send_early) {
      send_early(std::move(*framed));
    } else {
      output.messages.push_back(std::move(*framed));
    }
  }
  if (auto written = write(*ready, output); !written) return written;
  if (auto handed = hand_out(std::move(ready->committed), output); !handed) return handed;
  answer_reads(ready->reads, output);

  auto advance = checked(node->advance());
  if (!advance) return std::unexpected(advance.error());
  hard_state.commit = std::max(hard_state.commit, advance->commit);  // written with whatever is written next
  for (const auto& message : advance->messages) {
    if (auto framed = frame(message)) output.messages.push_back(std::move(*framed));
  }
  if (auto handed = hand_out(std::move(advance->committed), output); !handed) return handed;
  // For the core "applied" means that a change of members has taken effect, which is when it is handed out.
  return checked(node->advance_applied(handed_out));
}

Result<void> Group::Impl::write(const Node::Ready& ready, Output& output) {
  if (ready.hard_state) hard_state = *ready.hard_state;
  if (ready.snapshot) {
    if (auto installed = install(*ready.snapshot, output); !installed) return installed;
  }
  bool nothing = ready.entries.empty() && (!ready.hard_state || ready.snapshot);
  if (nothing) return {};
  return stored(store.save(hard_state, ready.entries, ready.must_sync));
}

Result<void> Group::Impl::install(Position at, Output& output) {
  auto snapshot = std::exchange(arriving, std::nullopt);
  if (!snapshot || snapshot->meta.at != at) {
    stop({Errc::internal, fmt::format("the core installs a snapshot at {} that did not arrive", at.index)});
    return std::unexpected(*failed);
  }
  hard_state.commit = std::max(hard_state.commit, at.index);
  if (auto written = stored(store.install_snapshot(snapshot->meta, snapshot->bytes, hard_state)); !written)
    return written;
  snapshot_at = truncated = at;
  handed_out = applied = at.index;
  unapplied = {};
  members.reset(at.index, snapshot->meta.members);
  output.members = members.newest();
  output.restore = Output::Restore{at.index, std::move(snapshot->bytes)};
  output.committed.clear();
  return {};
}

Result<void> Group::Impl::hand_out(std::vector<Entry> entries, Output& output) {
  for (auto& entry : entries) {
    if (entry.index != handed_out + 1) {
      stop({Errc::internal, fmt::format("entry {} is committed after entry {}", entry.index, handed_out)});
      return std::unexpected(*failed);
    }
    handed_out = entry.index;
    unapplied.add(entry.index, entry.data.size());
    if (entry.kind == EntryKind::membership) {
      if (auto changed = change_members(entry, output); !changed) return changed;
      entry.data.clear();
    }
    output.committed.push_back({entry.index, entry.term, std::move(entry.data)});
  }
  return {};
}

Result<void> Group::Impl::change_members(const Entry& entry, Output& output) {
  auto change = checked(node->apply_change(entry.data));
  if (!change) {
    stop(change.error());
    return std::unexpected(*failed);
  }
  if (!change->applied) return {};
  members.apply(entry.index, *change);
  output.members = members.newest();
  if (change->kind == Node::Change::remove) heard_at_tick.erase(change->id);
  return {};
}

// Empty: the message is not sent; the core learns of a snapshot's fate at once.
std::optional<Output::Message> Group::Impl::frame(const Node::CoreMessage& message) {
  if (!message.snapshot) return Output::Message{message.to, encode_frame(message.bytes), false};
  auto snapshot = store.read_snapshot();
  if (!snapshot) {
    log(1, fmt::format("a snapshot for node {} cannot be read: {}", message.to, snapshot.error().message));
    checked(node->report_snapshot(message.to, false));
    return std::nullopt;
  }
  return Output::Message{message.to, encode_frame(message.bytes, encode(snapshot->meta), snapshot->bytes), true};
}

void Group::Impl::answer_reads(const std::vector<Node::ReadAnswer>& answers, Output& output) {
  for (const auto& answer : answers) {
    if (rounds.erase(answer.counter) != 0) output.reads.push_back({answer.counter, answer.index});
  }
}

// Rounds of before belong to a leadership that may not answer any more: the core drops them without a word.
void Group::Impl::note_leadership(Output& output) {
  auto status = node->status();
  Output::Leadership now{status.role, status.term, status.leader};
  if (now == leadership) return;
  leadership = now;
  output.leadership = now;
  fail_reads();
}

void Group::Impl::fail_reads() {
  for (const auto& [round, since] : rounds) failed_rounds.push_back(round);
  rounds.clear();
}

void Group::Impl::expire_reads() {
  while (!rounds.empty() && ticks - rounds.begin()->second >= config.election_ticks) {
    failed_rounds.push_back(rounds.begin()->first);
    rounds.erase(rounds.begin());
  }
}

// --- snapshots ---

Result<Snapshot> Group::Impl::decode_own_snapshot(const Frame& frame) {
  auto view = decode_snapshot(frame.snapshot);
  if (!view) return fail(Errc::invalid_argument, "{}", view.error().message);
  if (view->bytes.size() > config.snapshot_bytes_max) {
    return fail(Errc::invalid_argument, "a snapshot of {} bytes; the limit is {}", view->bytes.size(),
                config.snapshot_bytes_max);
  }
  return Snapshot{std::move(view->meta), std::string(view->bytes)};
}

Result<void> Group::Impl::compact_log() {
  if (snapshot_at.index <= config.entries_kept) return {};
  auto upto = snapshot_at.index - config.entries_kept;
  if (upto <= truncated.index) return {};
  auto term = checked(node->term(upto));
  if (!term) return std::unexpected(term.error());
  if (auto done = checked(node->compact(upto)); !done) return done;
  truncated = {upto, *term};
  return stored(store.compact(truncated));
}

// --- the public face ---

Group::Group(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Result<void> Group::form(LogStore& store, const Members& members) {
  auto stored = store.load();
  if (!stored) return std::unexpected(stored.error());
  if (!stored->empty()) return fail(Errc::already_exists, "the store is not empty: the node belongs to a group");
  SnapshotMeta meta{{1, 1}, members};
  for (const auto& member : members.list) meta.members.highest_id = std::max(meta.members.highest_id, member.id);
  if (auto valid = decode_snapshot(encode(meta)); !valid)
    return fail(Errc::invalid_argument, "{}", valid.error().message);
  // As if entry 1 had been committed and cut off: a node that joins later finds no entry 1 anywhere and so gets a snapshot,
  // which tells it the members.
  return store.install_snapshot(meta, {}, {.term = 1, .vote = 0, .commit = 1});
}

Result<Group> Group::open(GroupConfig config, LogStore& store) {
  if (auto valid = check_config(config); !valid) return std::unexpected(valid.error());
  auto impl = std::make_unique<Impl>(std::move(config), store);
  if (auto begun = impl->begin(); !begun) return std::unexpected(begun.error());
  return Group(std::move(impl));
}

Result<void> Group::tick() {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  ++g.ticks;
  g.expire_reads();
  return g.checked(g.node->tick());
}

Result<void> Group::step(std::string_view message) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  auto frame = decode_frame(message);
  if (!frame) return std::unexpected(frame.error());
  std::optional<Snapshot> snapshot;
  if (!frame->snapshot.empty()) {
    auto decoded = g.decode_own_snapshot(*frame);
    if (!decoded) return std::unexpected(decoded.error());
    snapshot = std::move(*decoded);
  }
  auto from = g.checked(g.node->step(frame->message, snapshot ? &snapshot->meta : nullptr));
  if (!from) return std::unexpected(from.error());
  g.heard_at_tick[*from] = g.ticks;
  if (snapshot && g.node->status().pending_snapshot == snapshot->meta.at) g.arriving = std::move(snapshot);
  return {};
}

Result<Proposal> Group::propose(std::string_view data) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  if (data.empty() || data.size() > g.config.entry_bytes_max) {
    return fail(Errc::invalid_argument, "a proposal of {} bytes; allowed are 1 to {}", data.size(),
                g.config.entry_bytes_max);
  }
  auto proposed = g.checked(g.node->propose(data));
  if (!proposed) return std::unexpected(proposed.error());
  return Proposal{proposed->index, proposed->term};
}

Result<ReadRound> Group::read_round() {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  auto round = g.checked(g.node->read_round());
  if (round) g.rounds.emplace(*round, g.ticks);
  return round;
}

Result<void> Group::transfer(NodeId to) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  const auto* member = g.members.newest().find(to);
  if (member == nullptr || !member->voter || to == g.config.id) {
    return fail(Errc::invalid_argument, "leadership can be given to another voter; node {} is none", to);
  }
  return g.checked(g.node->transfer(to));
}

Result<Proposal> Group::change_member(const MemberChange& change) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  auto planned = plan_change(g.members.newest(), change, g.config.id);
  if (!planned) return std::unexpected(planned.error());
  if (change.kind == MemberChange::Kind::promote) {
    auto matched = g.node->matched(change.id);
    auto commit = g.node->status().commit;
    if (matched && *matched + promotable_lag_max < commit) {
      return fail(Errc::unavailable, "node {} has not caught up: it has entries up to {} of {}", change.id, *matched,
                  commit);
    }
  }
  auto proposed = g.checked(g.node->propose_change(planned->kind, change.id, planned->address));
  if (!proposed) return std::unexpected(proposed.error());
  return Proposal{proposed->index, proposed->term};
}

Result<void> Group::campaign() {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  return g.checked(g.node->campaign());
}

Result<void> Group::report_unreachable(NodeId to) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  return g.checked(g.node->report_unreachable(to));
}

Result<void> Group::report_snapshot(NodeId to, bool delivered) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  return g.checked(g.node->report_snapshot(to, delivered));
}

Result<void> Group::advance_applied(Index index) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  if (index > g.handed_out) {
    return fail(Errc::invalid_argument, "entry {} was not handed out; the last one was {}", index, g.handed_out);
  }
  if (index <= g.applied) return {};
  g.applied = index;
  g.unapplied.drop(index);
  return {};
}

Result<void> Group::offer_snapshot(Index index, std::string_view bytes) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  if (index <= g.snapshot_at.index) return {};  // a newer one came from the leader meanwhile
  if (index > g.applied) return fail(Errc::invalid_argument, "entry {} is not applied; {} is", index, g.applied);
  if (bytes.size() > g.config.snapshot_bytes_max) {
    return fail(Errc::resource_exhausted, "a snapshot of {} bytes; the limit is {}", bytes.size(),
                g.config.snapshot_bytes_max);
  }
  auto term = g.checked(g.node->term(index));
  if (!term) return std::unexpected(term.error());
  SnapshotMeta meta{{index, *term}, g.members.at(index)};
  if (auto saved = g.stored(g.store.save_snapshot(meta, bytes)); !saved) return saved;
  g.snapshot_at = meta.at;
  g.members.forget_before(index);
  return g.compact_log();
}

bool Group::has_work() const {
  const auto& g = *impl_;
  if (g.failed) return false;
  return g.first || !g.failed_rounds.empty() || (!g.stalled() && g.node->has_ready());
}

Result<Output> Group::turn(const std::function<void(Output::Message&&)>& send_early) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  auto output = g.turn(send_early);
  if (g.failed) return std::unexpected(*g.failed);
  return output;
}

GroupStatus Group::status() const {
  const auto& g = *impl_;
  auto core = g.node->status();
  GroupStatus status{.id = g.config.id,
                     .role = core.role,
                     .term = core.term,
                     .leader = core.leader,
                     .commit = core.commit,
                     .applied = g.applied,
                     .last = core.last,
                     .snapshot = g.snapshot_at.index,
                     .may_read = core.may_read,
                     .transferring = core.transferring};
  for (const auto& member : g.members.newest().list) {
    MemberStatus entry{.member = member, .matched = g.node->matched(member.id)};
    auto heard = g.heard_at_tick.find(member.id);
    if (member.id == g.config.id) {
      entry.silent_ticks = 0;
    } else if (heard != g.heard_at_tick.end()) {
      entry.silent_ticks = g.ticks - heard->second;
    }
    status.members.push_back(std::move(entry));
  }
  return status;
}

}  // namespace gantry::raft
