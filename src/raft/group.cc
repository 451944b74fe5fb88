#include "raft/group.h"

#include <utility>

#include "raft/group_impl.h"

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

}  // namespace

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

Result<ReadRound> Group::read_round(std::uint64_t now_ms) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  auto round = g.checked(g.node->read_round());
  if (round) g.rounds.emplace(*round, Impl::Round{g.ticks, now_ms});
  return round;
}

std::optional<Index> Group::read_by_lease(std::uint64_t now_ms) const {
  const auto& g = *impl_;
  if (g.failed || !g.lease || now_ms < g.lease->since_ms || now_ms - g.lease->since_ms >= g.config.lease_ms) return {};
  const auto status = g.node->status();
  if (status.role != Role::leader || !status.may_read || status.term != g.lease->term) return {};
  return status.commit;
}

Result<void> Group::transfer(NodeId to) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  const auto* member = g.members.newest().find(to);
  if (member == nullptr || !member->voter || to == g.config.id) {
    return fail(Errc::invalid_argument, "leadership can be given to another voter; node {} is none", to);
  }
  auto begun = g.checked(g.node->transfer(to));
  if (begun) {
    g.transferred_in = g.node->status().term;
    g.lease.reset();
  }
  return begun;
}

Result<Proposal> Group::change_member(const MemberChange& change) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  // Two leaders that do not know of each other's uncommitted change could both win a majority (Ongaro's note of 2015).
  if (const auto core = g.node->status(); core.role == Role::leader && !core.may_read)
    return fail(Errc::unavailable, "the leader has not committed in its term yet; try again");
  auto planned = plan_change(g.members.newest(), change, g.config.id);
  if (!planned) return std::unexpected(planned.error());
  if (change.kind == MemberChange::Kind::promote) {
    auto matched = g.node->matched(change.id);
    auto commit = g.node->status().commit;
    if (matched && (*matched == 0 || *matched + promotable_lag_max < commit)) {
      return fail(Errc::unavailable, "node {} has not caught up: it has entries up to {} of {}", change.id, *matched,
                  commit);
    }
  }
  auto proposed = g.checked(g.node->propose_change(planned->kind, change.id, planned->context));
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

Result<void> Group::offer_snapshot(Index index, std::string bytes) {
  auto work = begin_snapshot(index, std::move(bytes));
  if (!work) return std::unexpected(work.error());
  return *work ? end_snapshot((**work)()) : Result<void>{};
}

Result<std::optional<Group::SnapshotWork>> Group::begin_snapshot(Index index, std::string bytes) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  if (g.begun_snapshot)
    return fail(Errc::already_exists, "a snapshot at {} is being written", g.begun_snapshot->at.index);
  if (index <= g.snapshot_at.index) return std::nullopt;  // a newer one came from the leader meanwhile
  if (index > g.applied) return fail(Errc::invalid_argument, "entry {} is not applied; {} is", index, g.applied);
  if (bytes.size() > g.config.snapshot_bytes_max) {
    return fail(Errc::resource_exhausted, "a snapshot of {} bytes; the limit is {}", bytes.size(),
                g.config.snapshot_bytes_max);
  }
  auto term = g.checked(g.node->term(index));
  if (!term) return std::unexpected(term.error());
  g.begun_snapshot = SnapshotMeta{{index, *term}, g.members.at(index)};
  return SnapshotWork([&store = g.store, meta = *g.begun_snapshot, bytes = std::move(bytes)] {
    return store.stage_snapshot(meta, bytes);
  });
}

Result<void> Group::end_snapshot(const Result<void>& written) {
  auto& g = *impl_;
  if (g.failed) return std::unexpected(*g.failed);
  if (!g.begun_snapshot) return fail(Errc::invalid_argument, "no snapshot was begun");
  const SnapshotMeta meta = *std::exchange(g.begun_snapshot, std::nullopt);
  // A newer one came from the leader meanwhile, and may have removed this one's file, so whatever came of it is in order.
  if (meta.at.index <= g.snapshot_at.index) return {};
  if (auto staged = g.stored(written); !staged) return staged;
  if (auto adopted = g.stored(g.store.adopt_snapshot(meta)); !adopted) return adopted;
  g.snapshot_at = meta.at;
  g.members.forget_before(meta.at.index);
  return g.compact_log();
}

std::optional<Error> Group::failure() const { return impl_->failed; }

bool Group::has_work() const {
  const auto& g = *impl_;
  if (g.failed) return false;
  return g.first || g.snapshot_wanted || !g.failed_rounds.empty() || (!g.stalled() && g.node->has_ready());
}

Result<Output> Group::turn(const SendEarly& send_early) {
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
                     .may_read = core.may_read};
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
