// One controller of the simulation: production's Replica and LogDriver, and what production has around them (two threads,
// timers, a disk, connections) in simulated form. Two inboxes stand for the two threads: each is worked off in order, and
// each may be late. A snapshot's file is written beside both, and takes its time.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/log_driver.h"
#include "controller/replica.h"
#include "sim/controller/clock.h"
#include "sim/controller/history.h"
#include "sim/controller/simulation.h"
#include "sim/controller/truth.h"
#include "sim/controller/versions.h"
#include "sim/raft/memory_log_store.h"
#include "sim/raft/network.h"

namespace gantry::sim {

// What all controllers of a world share.
struct Surroundings {
  const Plan& plan;
  raft::sim::Random& random;
  raft::sim::Network& network;
  Truth& truth;
  History& history;
  Report& counts;
  std::uint64_t& now_ms;
  raft::Members founders;
  controller::ReplicaSettings settings;
  std::uint64_t lease_ms = 0;

  // Of a clock, in thousandths: the lease is safe with these.
  std::uint64_t some_rate() const { return random.between(600, 1'600); }
};

// A client's request: a read, or a write to which the leader adds the facts.
using Request = std::variant<Read, replication::Command>;

class Node final : public controller::LogDriverHost, public controller::ReplicatedLog, public controller::LogListener {
 public:
  using Reply = std::function<void(const Result<Answer>&)>;
  // Hands a write on to another controller.
  using Forward = std::function<void(raft::NodeId to, History::Id op, const Request& request, Reply reply)>;

  Node(raft::NodeId id, Surroundings& world, Forward forward);
  ~Node() override = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void start();
  void crash();
  void upgrade() { version_ = kNewVersion; }  // from the next start on
  std::uint32_t version() const { return running_version_; }
  void hear_version(raft::NodeId peer, std::uint32_t version);  // its greeting
  void stand_still(std::uint64_t until_ms) { still_until_ = until_ms; }
  bool up() const { return replica_.has_value(); }
  bool failed() const { return failed_; }  // the process ends by itself
  void pass();                             // a millisecond

  // As they come in from the network.
  void deliver(std::string bytes);
  void unreachable(raft::NodeId peer);
  void serve(History::Id op, Request request, bool forwarded, Reply reply);
  void on_service(std::function<void(controller::Replica&)> task);

  void transfer(raft::NodeId to);
  void compact();  // a snapshot now, as the thresholds would say some day

  raft::NodeId id() const { return id_; }
  Clock& clock() { return clock_; }
  raft::sim::MemoryLogStore& store() { return store_; }
  const controller::Replica& replica() const { return *replica_; }
  std::string describe() const;
  bool leads() const { return replica_ && replica_->leads(); }

  // LogDriverHost
  void send(const raft::Output::Message& message) override;
  void flush() override {}
  void set_peers(const raft::Members&) override {}
  void to_listener(ToListener call) override;
  void run_soon() override;
  std::uint64_t lease_clock_ms() override;
  void dropped(const Error& refusal) override;
  void stopped() override {}
  void in_background(raft::Group::SnapshotWork work) override;

  // ReplicatedLog
  void propose(controller::Token token, std::string entry) override;
  void read(controller::Token token) override;
  void applied(raft::Index index) override;
  void snapshot(raft::Index index, std::string bytes) override;

  // LogListener
  void on_proposed(controller::Token token, const Result<raft::Proposal>& proposal) override;
  void on_read(controller::Token token, const Result<raft::Index>& index) override;
  void on_restore(raft::Index index, const std::string& snapshot) override;
  void on_committed(std::vector<raft::Output::Committed> entries) override;
  void on_leadership(const raft::Output::Leadership& leadership) override;
  void on_members(const raft::Members& members) override;
  void on_snapshot_wanted() override;
  void on_entry_version(std::uint32_t version) override { replica_->on_entry_version(version); }
  void on_failed(const Error& error) override;

 private:
  using Task = std::move_only_function<void()>;
  struct Thread {
    std::deque<Task> inbox;
    std::uint64_t busy_until = 0;
    std::int64_t next_tick = 0;  // local
  };

  void work_off(Thread& thread);
  std::int64_t local_now() const { return clock_.now(world_.now_ms); }
  void serve_read(History::Id op, const Read& read, Reply reply);
  void serve_write(History::Id op, const replication::Command& asked, bool forwarded, Reply reply);
  std::string with_local_facts(const std::string& entry) const;  // Bug::local_heartbeats

  raft::NodeId id_;
  Surroundings& world_;
  Forward forward_;
  raft::sim::MemoryLogStore store_;
  Clock clock_;
  Thread service_;
  Thread raft_;
  std::optional<controller::LogDriver> driver_;
  std::optional<controller::Replica> replica_;
  std::uint32_t version_ = kOldVersion;
  std::uint32_t running_version_ = kOldVersion;
  std::map<raft::NodeId, std::uint32_t> heard_versions_;
  std::optional<raft::Group::SnapshotWork> writing_;  // of a snapshot
  std::uint64_t writing_until_ = 0;
  raft::sim::Random slowness_;  // of its disk, apart from everything else's
  bool failed_ = false;
  bool flushing_ = false;
  bool started_ = false;  // the first restore is that of the start
  std::uint64_t still_until_ = 0;
  std::map<controller::Token, std::vector<controller::Token>> joined_;  // Bug::join_sent_round: by the round's own
};

}  // namespace gantry::sim
