#include "controller/replica.h"

#include <spdlog/spdlog.h>

#include "replication/explanation.h"
#include "replication/malformed.h"

namespace gantry::controller {

using replication::BrokerFacts;
using replication::ElectionReason;
using replication::ElectMaster;
using replication::ReplicaSet;

namespace {

ElectionReason reason_of(LostBroker::Why why) {
  switch (why) {
    case LostBroker::Why::connection_closed: return ElectionReason::connection_closed;
    case LostBroker::Why::never_heard: return ElectionReason::expired;
    case LostBroker::Why::silent: break;
  }
  return ElectionReason::silent;
}

constexpr std::size_t kSweptPerTick = 200;  // brokers: all of a full book are looked at in less than a minute

const Error kNotLeader{Errc::unavailable, "this controller does not lead"};
const Error kNotYet{Errc::unavailable, "this controller has only just begun to lead; try again"};

}  // namespace

Replica::Replica(ReplicaSettings settings, ReplicatedLog& log, Env env)
    : settings_(settings),
      log_(log),
      env_(std::move(env)),
      liveness_(settings.brokers_max),
      writes_(log, settings.writes, settings.formats),
      reads_(log, settings.reads) {}

// ---- requests

void Replica::write(replication::Command command, Writes::Done done) {
  if (failed_) return done(std::unexpected(*failed_));
  if (!leads()) return done(std::unexpected(kNotLeader));
  // these decide by a book of heartbeats, which presumes nobody alive yet
  const bool by_heartbeats = std::holds_alternative<ElectMaster>(command) ||
                             std::holds_alternative<replication::RegisterBroker>(command) ||
                             std::holds_alternative<replication::CleanBrokerData>(command);
  if (by_heartbeats && !leading_) return done(std::unexpected(kNotYet));
  const auto* clean = std::get_if<replication::CleanBrokerData>(&command);
  if (clean && !clean->clean_living_broker && !heard_long_enough()) {
    return done(fail(Errc::unavailable,
                     "this controller leads since {} ms, and may not have heard yet of a broker that lives: try again "
                     "{} ms later, or clean living brokers too (-l of cleanBrokerMetadata)",
                     now() - leading_since_, leading_since_ + settings_.heartbeat_timeout_ms - now()));
  }
  if (auto refused = replication::refuse_malformed(command)) return done(replication::Applied{std::move(*refused), {}});
  writes_.submit(std::move(command), std::move(done), now());
  wake();
}

void Replica::read(Reads::Ready ready) {
  if (failed_) return ready(std::unexpected(*failed_));
  reads_.submit(std::move(ready), now());
  wake();
}

void Replica::wake() {
  if (writes_.gathered() || reads_.gathered()) env_.flush_soon();
}

void Replica::flush() {
  writes_.flush();
  reads_.flush();
}

void Replica::tick() {
  if (failed_) return;
  std::vector<LostBroker> silent;
  liveness_.expire(now(), silent);
  lost(silent);
  liveness_.forget_silent(now(), kSweptPerTick,
                          [this](auto cluster, auto broker, auto id) { return is_member(cluster, broker, id); });
  writes_.expire(now());
  reads_.expire(now());
  if (leading_) audit();
  flush();
}

// ---- brokers that come and go

void Replica::heartbeat(const Heartbeat& heartbeat) {
  auto seen = liveness_.on_heartbeat(heartbeat, now());
  if (seen == Liveness::Seen::refused) {
    if (!is_member(heartbeat.cluster_name, heartbeat.broker_name, heartbeat.broker_id)) return refused(heartbeat);
    seen = liveness_.on_heartbeat(heartbeat, now(), true);
  }
  if (seen != Liveness::Seen::back || !leading_) return;
  const ReplicaSet* set = state_.find(heartbeat.broker_name);
  if (set && set->cluster_name == heartbeat.cluster_name && !set->master_id && set->in_sync(heartbeat.broker_id))
    elect(set->broker_name, ElectionReason::member_returned, std::nullopt);
}

bool Replica::is_member(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id) const {
  const ReplicaSet* set = state_.find(broker_name);
  return set && set->cluster_name == cluster_name && set->member(broker_id);
}

void Replica::refused(const Heartbeat& heartbeat) {
  ++heartbeats_refused_;
  if (!refused_log_.admit(net::LogLimit::Clock::time_point(std::chrono::milliseconds(now())))) return;
  spdlog::warn(
      "controller: heartbeats of {} brokers are kept, so that one of broker {} of {} in {}, which is of no replica "
      "set, "
      "is dropped; {} such heartbeats so far: who sends them?",
      liveness_.size(), heartbeat.broker_id, heartbeat.broker_name, heartbeat.cluster_name, heartbeats_refused_);
}

void Replica::connection_closed(std::uint64_t connection, bool by_peer) {
  if (!by_peer) return liveness_.on_dropped(connection);
  std::vector<LostBroker> closed;
  liveness_.on_closed(connection, closed);
  lost(closed);
}

void Replica::lost(const std::vector<LostBroker>& brokers) {
  for (const LostBroker& broker : brokers) {
    const ReplicaSet* set = state_.find(broker.broker_name);
    const bool master = set && set->cluster_name == broker.cluster_name && set->master_id == broker.broker_id;
    if (!leading_ || !master) continue;
    elect(broker.broker_name, reason_of(broker.why), broker.broker_id);
  }
}

std::vector<BrokerFacts> Replica::facts(std::string_view broker_name) const {
  const ReplicaSet* set = state_.find(broker_name);
  return set ? liveness_.facts(*set, now()) : std::vector<BrokerFacts>{};
}

ElectMaster Replica::election(std::string_view broker_name, ElectionReason reason) const {
  ElectMaster command;
  command.broker_name = broker_name;
  command.reason = reason;
  command.facts = facts(broker_name);
  command.unclean_allowed = unclean_allowed();
  command.proposed_at_ms = wall_ms();
  return command;
}

replication::Command Replica::with_facts(replication::Command command) const {
  if (auto* alter = std::get_if<replication::AlterSyncStateSet>(&command)) {
    alter->facts = facts(alter->broker_name);
  } else if (auto* asked = std::get_if<ElectMaster>(&command)) {
    auto complete = election(asked->broker_name, asked->reason);
    complete.cluster_name = std::move(asked->cluster_name);
    complete.broker_id = asked->broker_id;
    *asked = std::move(complete);
  } else if (auto* registered = std::get_if<replication::RegisterBroker>(&command)) {
    registered->facts = facts(registered->broker_name);
    registered->heartbeat_address =
        liveness_.address(registered->cluster_name, registered->broker_name, registered->broker_id, now());
    registered->proposed_at_ms = wall_ms();
  } else if (auto* clean = std::get_if<replication::CleanBrokerData>(&command)) {
    clean->facts = facts(clean->broker_name);
    clean->proposed_at_ms = wall_ms();
  } else if (auto* imported = std::get_if<replication::ImportReplicaSet>(&command)) {
    imported->proposed_at_ms = wall_ms();
  }
  return command;
}

void Replica::elect(std::string_view broker_name, ElectionReason reason, std::optional<std::int64_t> lost_broker) {
  const ReplicaSet* set = state_.find(broker_name);
  if (!set || !electing_.emplace(broker_name).second) return;
  ElectMaster command = election(broker_name, reason);
  command.broker_id = lost_broker;
  command.expected_master_epoch = set->master_epoch;
  // refused or lost on the way, it is found again by audit()
  write(std::move(command), [this, name = std::string(broker_name)](const Result<replication::Applied>& applied) {
    electing_.erase(name);
    // who was elected may have been lost meanwhile, which lost() passed over because of this election
    const ReplicaSet* set = state_.find(name);
    if (leading_ && applied && applied->role_changed && set) judge(*set);
  });
}

// What no event tells, or what an election that failed has left: a master that is gone while another could be it.
void Replica::audit() {
  const auto& sets = state_.sets();
  auto set = sets.upper_bound(audited_);
  for (std::size_t i = 0; i < std::min(settings_.audited_per_tick, sets.size()); ++i) {
    if (set == sets.end()) set = sets.begin();
    const ReplicaSet& replicas = set->second;
    audited_ = set->first;
    ++set;
    judge(replicas);
  }
}

void Replica::judge(const ReplicaSet& set) {
  if (electing_.contains(set.broker_name) || set.sync_state_set.empty()) return;  // never had a master
  const auto facts = liveness_.facts(set, now());
  if (set.master_id && replication::is_alive(facts, *set.master_id)) return;
  const auto result = replication::elect(set, {facts, std::nullopt, unclean_allowed()});
  if (!result.master && !set.master_id) return;  // nobody there, as before
  elect(set.broker_name, set.master_id ? ElectionReason::expired : ElectionReason::member_returned, set.master_id);
}

// ---- the log

void Replica::on_proposed(Token token, const Result<raft::Proposal>& proposal) { writes_.on_proposed(token, proposal); }

void Replica::on_read(Token token, const Result<raft::Index>& index) {
  reads_.on_read(token, index);
  wake();
}

void Replica::on_restore(raft::Index index, const std::string& snapshot) {
  replication::State fresh;
  std::uint32_t version = 1;
  if (!snapshot.empty()) {
    auto state = settings_.formats.decode_snapshot(snapshot);
    if (!state) return on_failed(in_context(fmt::format("the snapshot at entry {}", index), state.error()));
    fresh = std::move(*state);
    version = settings_.formats.snapshot_version(snapshot).value_or(version);
  }
  state_version_ = version;
  state_ = std::move(fresh);
  applied_ = index;
  bytes_since_snapshot_ = entries_since_snapshot_ = 0;
  if (on_sets_gone) on_sets_gone();
  writes_.on_restore(index);
  reads_.on_applied(index);
  log_.applied(index);
}

void Replica::on_committed(std::vector<raft::Output::Committed> entries) {
  for (const auto& entry : entries) {
    if (failed_) return;
    const auto ours = writes_.take(entry.index, entry.term);
    if (!ours.commands.empty()) {
      for (std::size_t i = 0; i < ours.commands.size(); ++i) apply(ours.commands[i], &ours.done[i]);
    } else if (!entry.data.empty()) {
      auto commands = settings_.formats.decode_entry(entry.data);
      if (!commands) return on_failed(in_context(fmt::format("log entry {}", entry.index), commands.error()));
      for (const auto& command : *commands) apply(command, nullptr);
    }
    if (!entry.data.empty()) state_version_ = std::max(state_version_, settings_.formats.entry_version(entry.data));
    applied_ = entry.index;
    applied_term_ = entry.term;
    bytes_since_snapshot_ += entry.data.size();
    ++entries_since_snapshot_;
  }
  if (failed_ || entries.empty()) return;
  begin_to_lead_when_ready();
  reads_.on_applied(applied_);
  log_.applied(applied_);
  snapshot_when_due();
  wake();
}

// Of members that are none any more nothing is to be expected; one that still lives is seen again by its next heartbeat.
void Replica::forget_cleaned(const ReplicaSet& before) {
  const ReplicaSet* now = state_.find(before.broker_name);
  for (const auto& member : before.members) {
    if (!now || !now->member(member.broker_id))
      liveness_.forget(before.cluster_name, before.broker_name, member.broker_id);
  }
}

void Replica::apply(const replication::Command& command, const Writes::Done* done) {
  std::optional<ReplicaSet> before;
  if (const auto* clean = std::get_if<replication::CleanBrokerData>(&command)) {
    if (const ReplicaSet* set = state_.find(clean->broker_name)) before = *set;
  }
  const replication::Applied applied = state_.apply(command);
  if (const auto* election = std::get_if<replication::ElectMaster>(&command); election && leading_ && on_election)
    on_election(*election, applied.outcome);
  if (applied.role_changed) {
    const auto& change = *applied.role_changed;
    // the leader's line tells it once; a follower, or a start that reads its log again, would tell it as if it were new
    spdlog::log(leading_ ? spdlog::level::info : spdlog::level::debug, "controller: {} of {}: {}", change.broker_name,
                change.cluster_name, replication::line_of(change.record));
    // one that asked to be master may send its first heartbeat only now: it has a full timeout for it
    if (const auto* asked = std::get_if<ElectMaster>(&command); asked && leading_ && change.master_id) {
      const bool spoke = asked->reason == ElectionReason::broker_asked && asked->broker_id == change.master_id;
      if (spoke) liveness_.returning(change.cluster_name, change.broker_name, *change.master_id, now());
      liveness_.expect(change.cluster_name, change.broker_name, *change.master_id, settings_.heartbeat_timeout_ms,
                       now());
    }
    if (on_role_changed) on_role_changed(change, leading_);
  }
  if (before) forget_cleaned(*before);
  if (before && !state_.find(before->broker_name) && on_sets_gone) on_sets_gone();
  const auto* imported = std::get_if<replication::ImportReplicaSet>(&command);
  if (imported && leading_ && applied.outcome.changed && imported->master_id) {
    liveness_.expect(imported->cluster_name, imported->broker_name, *imported->master_id, settings_.imported_timeout_ms,
                     now());
  }
  if (done) (*done)(applied);
  // cleaned, or started anew elsewhere: another one may be elected now, and the audit comes round only later
  if (leading_ && applied.role_changed && !applied.role_changed->master_id) {
    if (const ReplicaSet* set = state_.find(applied.role_changed->broker_name)) judge(*set);
  }
}

void Replica::snapshot_when_due() {
  if (bytes_since_snapshot_ < settings_.snapshot_after_bytes &&
      entries_since_snapshot_ < settings_.snapshot_after_entries) {
    return;
  }
  take_snapshot();
}

Replica::SnapshotTaken Replica::take_snapshot() {
  bytes_since_snapshot_ = entries_since_snapshot_ = 0;
  std::string bytes = settings_.formats.encode_snapshot(state_, state_version_);
  const SnapshotTaken taken{applied_, bytes.size()};
  log_.snapshot(applied_, std::move(bytes));
  return taken;
}

void Replica::on_snapshot_wanted() {
  if (!failed_ && applied_ > 0) take_snapshot();
}

void Replica::on_leadership(const raft::Output::Leadership& leadership) {
  const bool led = leads();
  const raft::Term before = leadership_.term;
  leadership_ = leadership;
  if (led && (!leads() || leadership.term != before)) {
    leading_ = false;
    liveness_.follow();
    electing_.clear();
  }
  begin_to_lead_when_ready();
  if (on_leadership_changed) on_leadership_changed();
}

// Once an entry of its own term is applied, so are all of former terms: the state is the newest.
void Replica::begin_to_lead_when_ready() {
  if (!leads() || leading_ || applied_term_ != leadership_.term) return;
  leading_ = true;
  leading_since_ = now();
  liveness_.lead(now());
  for (const auto& [name, set] : state_.sets()) {
    if (!set.master_id) continue;
    const bool imported = !set.elections.empty() && set.elections.back().reason == ElectionReason::imported;
    liveness_.expect(set.cluster_name, name, *set.master_id,
                     imported ? settings_.imported_timeout_ms : settings_.heartbeat_timeout_ms, now());
  }
}

void Replica::on_members(const raft::Members& members) {
  members_ = members;
  if (on_members_changed) on_members_changed();
}

void Replica::stop() {
  if (failed_) return;
  failed_ = Error{Errc::unavailable, "this controller is being stopped; ask another one"};
  leading_ = false;
  writes_.fail_all({Errc::timeout, "the outcome is unknown: this controller is being stopped"});
  reads_.fail_all(*failed_);
}

void Replica::on_failed(const Error& error) {
  if (failed_) return;
  failed_ = error;
  leading_ = false;
  leadership_.role = raft::Role::follower;
  writes_.fail_all({Errc::timeout, "the outcome is unknown: this controller has stopped"});
  reads_.fail_all({Errc::unavailable, "this controller has stopped; ask another one"});
  if (on_stopped) on_stopped(error);
}

}  // namespace gantry::controller
