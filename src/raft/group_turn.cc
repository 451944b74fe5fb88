#include <utility>

#include "raft/group_impl.h"

namespace gantry::raft {

// --- the core's questions ---

Result<std::vector<Entry>> Group::Impl::read_entries(Index from, Index to, std::size_t bytes_max) noexcept {
  auto entries = store.read(from, to, bytes_max);
  if (!entries) source_error = entries.error();
  return entries;
}

// A node takes no snapshot of a group to which it does not belong in it: one that joined since then needs a newer one.
std::optional<Position> Group::Impl::snapshot_for(NodeId to) noexcept {
  if (snapshot_at.index == 0) return std::nullopt;
  if (members.at(snapshot_at.index).find(to) == nullptr) {
    // one that is being written will do
    snapshot_wanted = snapshot_wanted || !begun_snapshot || begun_snapshot->members.find(to) == nullptr;
    return std::nullopt;
  }
  described[to] = snapshot_at;
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

Result<Output> Group::Impl::turn(const SendEarly& send_early) {
  Output output;
  if (first) output = std::move(*std::exchange(first, std::nullopt));
  if (!stalled() && node->has_ready()) {
    if (auto handled = handle_ready(output, send_early); !handled) return std::unexpected(handled.error());
  }
  note_leadership(output);
  output.failed_reads = std::exchange(failed_rounds, {});
  output.snapshot_wanted = std::exchange(snapshot_wanted, false);
  return output;
}

// The order matters: written, then promised and handed out.
Result<void> Group::Impl::handle_ready(Output& output, const SendEarly& send_early) {
  auto ready = checked(node->ready());
  if (!ready) return std::unexpected(ready.error());
  for (const auto& message : ready->early_messages) {
    if (auto framed = frame(message)) output.messages.push_back(std::move(*framed));
  }
  if (send_early && !output.messages.empty()) send_early(std::exchange(output.messages, {}));
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
  if (auto taken = members.apply(entry.index, *change); !taken) {
    stop(taken.error());
    return std::unexpected(*failed);
  }
  output.members = members.newest();
  if (change->kind == Node::Change::remove) {
    heard_at_tick.erase(change->id);
    described.erase(change->id);
  }
  // Not lazily as for other entries: the last of two voters that forgot in a crash that the change is committed would wait for
  // the vote of the one that was removed, and that one may be gone for good.
  hard_state.commit = std::max(hard_state.commit, entry.index);
  return stored(store.save(hard_state, {}, true));
}

// Empty: the message is not sent; the core learns of a snapshot's fate at once.
std::optional<Output::Message> Group::Impl::frame(const Node::CoreMessage& message) {
  if (!message.snapshot) return Output::Message{message.to, encode_frame(message.bytes), false};
  auto snapshot = store.read_snapshot();
  if (!snapshot) {
    log(1, fmt::format("a snapshot for node {} cannot be read: {}", message.to, snapshot.error().message));
    (void)checked(node->report_snapshot(message.to, false));  // a failure is remembered, and told by the turn
    return std::nullopt;
  }
  // A newer one was taken since the core wrote the message: the two would be refused there. The core begins anew.
  if (snapshot->meta.at != described[message.to]) {
    (void)checked(node->report_snapshot(message.to, false));
    return std::nullopt;
  }
  return Output::Message{message.to, encode_frame(message.bytes, encode(snapshot->meta), snapshot->bytes), true};
}

void Group::Impl::answer_reads(const std::vector<Node::ReadAnswer>& answers, Output& output) {
  for (const auto& answer : answers) {
    auto round = rounds.extract(answer.counter);
    if (round.empty()) continue;
    output.reads.push_back({answer.counter, answer.index});
    extend_lease(round.mapped());
  }
}

void Group::Impl::extend_lease(const Round& answered) {
  const auto status = node->status();
  if (config.lease_ms == 0 || status.role != Role::leader || status.term == transferred_in) return;
  if (!lease || lease->term != status.term || lease->since_ms < answered.since_ms)
    lease = Lease{status.term, answered.since_ms};
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
  while (!rounds.empty() && ticks - rounds.begin()->second.since_tick >= config.election_ticks) {
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
  // now, and not when it is in the place of ours
  if (config.reads_snapshot && !view->bytes.empty()) {
    if (auto readable = config.reads_snapshot(view->bytes); !readable)
      return fail(Errc::invalid_argument, "{}", readable.error().message);
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

}  // namespace gantry::raft
