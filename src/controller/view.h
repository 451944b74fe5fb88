// What probes, Prometheus and the page are told: values, copied on the service's thread, so that what is made of them
// costs the service nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/log_meter.h"
#include "controller/raft_gauges.h"
#include "controller/replica.h"
#include "controller/request_meter.h"
#include "remoting/server.h"
#include "replication/replica_set.h"

namespace gantry::controller {

struct MemberView {
  std::uint64_t id = 0;
  std::string name, address;
  bool voter = false;
  // As the leader hears it, of itself too; known to the leader, and to whoever asked it just now.
  std::optional<bool> alive;       // heard within the last second
  std::optional<raft::Index> lag;  // entries behind the leader; of one that is silent it is not known
};

// This controller, and what it knows of its group.
struct NodeView {
  std::string name, group, address;
  bool member = false;    // of a group; else it waits to form one
  bool removed = false;   // it was a member, and the log says that it is none any more
  std::string waits_for;  // why it is none yet
  std::string twin;       // of a process that uses a copy of its directory, and takes no part; empty: there is none
  raft::Role role = raft::Role::follower;
  raft::Term term = 0;
  std::optional<std::string> leader, leader_address;
  raft::Index commit = 0, applied = 0, last = 0, snapshot = 0;
  std::int64_t raft_silent_ms = 0;  // since its Raft thread was seen at work
  std::size_t writes_waiting = 0, reads_waiting = 0;
  std::size_t brokers_alive = 0;
  std::uint64_t heartbeats_refused = 0;
  std::size_t sets = 0;
  std::size_t connections = 0;
  std::vector<MemberView> members;
};

// Whether clients are served well here: this node knows a leader and has applied what is committed.
struct Readiness {
  bool ready = false;
  std::string why;  // one line, for both
};
inline constexpr raft::Index kReadyLagMax = 1'000;       // entries: a moment's work
inline constexpr std::int64_t kRaftSilentMaxMs = 2'000;  // then its disk hangs, for all that is known
Readiness readiness_of(const NodeView& node);

// Elections held where this node led, by set: the Java controller's election_total.
struct ElectionCounts {
  std::string cluster_name;
  std::uint64_t new_master = 0, master_kept = 0, no_master = 0;
};

// All that is counted. One of each a controller, on the service's thread; the gauges are the Raft thread's.
struct Meters {
  static constexpr std::size_t kReasons = 16;

  RequestMeter requests;
  std::map<std::string, ElectionCounts, std::less<>> elections;  // of sets that there are
  std::uint64_t changes[kReasons] = {};                          // of masters, where this node led, by ElectionReason
  std::shared_ptr<RaftGauges> raft = std::make_shared<RaftGauges>();

  void held(const replication::ElectMaster& election, const replication::Outcome& outcome,
            std::string_view cluster_name);
  void keep_only(const replication::State& state);  // a set was cleaned
  void changed(replication::ElectionReason reason);
};

struct NumbersView {
  NodeView node;
  std::vector<RequestMeter::Kind> requests;  // by place in routes()
  std::map<std::string, ElectionCounts, std::less<>> elections;
  std::vector<std::uint64_t> changes;
  LogMeter::Numbers log;
  std::shared_ptr<const RaftGauges> raft;
  remoting::ServerStats server;
};

// A replica set, and what heartbeats say here of its members.
struct SetView {
  replication::ReplicaSet set;
  std::vector<replication::BrokerFacts> facts;  // as `set.members`

  std::size_t alive() const;
};
enum class SetState { healthy, degraded, no_master, new_set };  // degraded: a member is silent, or not in sync
SetState state_of(const SetView& view);
std::string_view to_string(SetState state);

class Directory;
struct Config;
// But for what only the Raft thread and the server know.
NodeView view_of(const Replica& replica, const Directory& directory, const Config& config);
// Adds what a leader's own group says of the others; nothing when the view is not that leader's.
void watch(NodeView& view, const raft::GroupStatus& status);

// The next `count` sets after that name, ascending.
std::vector<SetView> sets_after(const Replica& replica, std::string_view after, std::size_t count);

}  // namespace gantry::controller
