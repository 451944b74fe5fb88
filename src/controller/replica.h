// One controller's replica of the state, and what it does about it: it applies the log, lets requests write and read,
// keeps the book of heartbeats, and, while it leads, elects masters. The request handlers and the simulation work with
// it; it knows no clock, thread or socket: time comes from Env, consensus is behind ReplicatedLog.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/liveness.h"
#include "controller/reads.h"
#include "controller/replicated_log.h"
#include "controller/writes.h"
#include "net/log_limit.h"
#include "replication/formats.h"
#include "replication/state.h"

namespace gantry::controller {

struct ReplicaSettings {
  bool unclean_election = false;               // enableElectUncleanMaster
  std::int64_t heartbeat_timeout_ms = 10'000;  // of a broker that was never heard (DEFAULT_BROKER_CHANNEL_EXPIRED_TIME)
  // How long the master of a set that was taken over may take to come: brokers look for other controllers every 2 min
  // (ReplicasManager.updateControllerAddr).
  std::int64_t imported_timeout_ms = 150'000;
  std::size_t snapshot_after_bytes = 32u << 20;  // of applied entries
  std::size_t snapshot_after_entries = 200'000;
  std::size_t brokers_max = Liveness::kBrokersMax;
  std::size_t audited_per_tick = 50;  // sets: what no event tells is found by looking at all of them in turn
  replication::Formats formats;
  WriteLimits writes;
  ReadLimits reads;
};

class Replica final : public LogListener {
 public:
  struct Env {
    std::function<MonotonicMs()> now;
    std::function<std::int64_t()> wall_ms;  // since 1970; for people only
    std::function<void()> flush_soon;       // call flush() at the end of this turn
  };

  Replica(ReplicaSettings settings, ReplicatedLog& log, Env env);

  // The leader's, to be asked first; elsewhere `done` gets unavailable.
  void write(replication::Command command, Writes::Done done);
  void read(Reads::Ready ready);  // on every node
  void flush();                   // what has gathered goes to the log
  void tick();                    // every 20 ms
  // Hands the state of now to the log, which writes it: after which entry it is, and its bytes.
  struct SnapshotTaken {
    raft::Index index = 0;
    std::size_t bytes = 0;
  };
  SnapshotTaken take_snapshot();

  void stop();  // whatever waits is told; nothing is done any more, and on_stopped is not called

  void heartbeat(const Heartbeat& heartbeat);
  // by_peer: the broker ended it, so it is gone; else nothing is known of it but by its heartbeats, which may come again.
  void connection_closed(std::uint64_t connection, bool by_peer);

  // The election that the facts known here call for; of a broker's or an operator's wish.
  replication::ElectMaster election(std::string_view broker_name, replication::ElectionReason reason) const;
  // What is asked for, with all that the decision will need of what this controller alone knows: heartbeats, settings, the time
  // of day. Every request that changes something goes through here.
  replication::Command with_facts(replication::Command command) const;

  const replication::State& state() const { return state_; }
  const Liveness& liveness() const { return liveness_; }
  Liveness& liveness() { return liveness_; }
  std::vector<replication::BrokerFacts> facts(std::string_view broker_name) const;
  MonotonicMs now() const { return env_.now(); }
  std::int64_t wall_ms() const { return env_.wall_ms(); }

  bool leads() const { return leadership_.role == raft::Role::leader; }
  const raft::Output::Leadership& leadership() const { return leadership_; }
  const raft::Members& members() const { return members_; }
  raft::Index applied() const { return applied_; }
  std::size_t writes_waiting() const { return writes_.waiting(); }
  std::size_t reads_waiting() const { return reads_.waiting(); }
  std::uint64_t heartbeats_refused() const { return heartbeats_refused_; }  // of strangers, at the limit of brokers
  void allow_unclean_election(bool allow) { settings_.unclean_election = allow; }

  // An election was held, whatever came of it; called where this node leads.
  std::function<void(const replication::ElectMaster&, const replication::Outcome&)> on_election;
  // A master changed, as applied; called on every node, in order. `leads`: it is ours to tell the brokers.
  std::function<void(const replication::RoleChanged&, bool leads)> on_role_changed;
  std::function<void()> on_leadership_changed;
  std::function<void()> on_members_changed;
  std::function<void()> on_sets_gone;            // cleaned, or not in a snapshot that came
  std::function<void(const Error&)> on_stopped;  // the node cannot go on: the log failed, or an entry cannot be read

  // LogListener
  void on_proposed(Token token, const Result<raft::Proposal>& proposal) override;
  void on_read(Token token, const Result<raft::Index>& index) override;
  void on_restore(raft::Index index, const std::string& snapshot) override;
  void on_committed(std::vector<raft::Output::Committed> entries) override;
  void on_leadership(const raft::Output::Leadership& leadership) override;
  void on_members(const raft::Members& members) override;
  void on_snapshot_wanted() override;
  void on_entry_version(std::uint32_t version) override { writes_.write_version(version); }
  void on_failed(const Error& error) override;

 private:
  void apply(const replication::Command& command, const Writes::Done* done);
  void forget_cleaned(const replication::ReplicaSet& before);
  void begin_to_lead_when_ready();
  void lost(const std::vector<LostBroker>& brokers);
  bool is_member(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id) const;
  void refused(const Heartbeat& heartbeat);
  void elect(std::string_view broker_name, replication::ElectionReason reason, std::optional<std::int64_t> lost_broker);
  // Every broker has had the time for a heartbeat to this leader: who was not heard does not live.
  bool heard_long_enough() const { return now() - leading_since_ >= settings_.heartbeat_timeout_ms; }
  bool unclean_allowed() const {
    return settings_.unclean_election && heard_long_enough();
  }  // those in sync come first
  void audit();
  void judge(const replication::ReplicaSet& set);  // an election, when its master is gone or it could have one
  void snapshot_when_due();
  void wake();

  ReplicaSettings settings_;
  ReplicatedLog& log_;
  Env env_;
  replication::State state_;
  Liveness liveness_;
  Writes writes_;
  Reads reads_;
  raft::Output::Leadership leadership_;
  raft::Members members_;
  raft::Index applied_ = 0;
  raft::Term applied_term_ = 0;
  // Of the entries that led to the state, the highest. Who reads them reads a snapshot in this version, and in no older one is
  // there a place for all that they brought; the same on every node, since it follows from the log.
  std::uint32_t state_version_ = 1;
  MonotonicMs leading_since_ = 0;
  bool leading_ = false;  // and all entries of former terms are applied: now it may judge
  std::size_t bytes_since_snapshot_ = 0;
  std::size_t entries_since_snapshot_ = 0;
  std::set<std::string, std::less<>> electing_;  // sets with an election of ours on its way
  std::string audited_;                          // the last set that was
  std::uint64_t heartbeats_refused_ = 0;
  net::LogLimit refused_log_{std::chrono::minutes(1)};
  std::optional<Error> failed_;
};

}  // namespace gantry::controller
