// The brokers of a simulation: they get an id, register, ask to be master, send heartbeats to every controller, and as
// masters say who is in sync; they die, come back (at another address at times), and lose connections.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/controller/node.h"

namespace gantry::sim {

struct Broker {
  std::string cluster;
  std::string set;
  std::string host;
  std::string check_code;
  raft::NodeId place = 0;  // in the network
  std::int64_t timeout_ms = 300;
  std::int32_t priority = 0;

  bool up = false;
  std::uint64_t life = 0;  // counts its starts
  std::uint64_t comes_ms = 0;
  std::uint64_t moves = 0;
  std::optional<std::int64_t> applying;  // id that it asked for
  std::optional<std::int64_t> id;
  bool registered = false;
  bool has_asked = false;  // for the mastership, in this life
  std::optional<std::int64_t> master;
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::vector<std::int64_t> in_sync;
  std::int64_t max_offset = 0;

  bool asking = false;
  std::uint64_t next_request_ms = 0;
  std::uint64_t next_heartbeat_ms = 0;
  std::map<raft::NodeId, std::uint64_t> connections;
  std::map<raft::NodeId, std::uint64_t> arrives_ms;  // what was sent last there: connections keep the order

  std::string address() const { return host + ":" + std::to_string(10'000 + moves); }
};

class Fleet {
 public:
  using Reply = std::function<void(const Result<Answer>&)>;
  struct Outside {
    std::function<void(raft::NodeId from, std::string set, Request request, Reply reply)> ask;
    std::function<void(std::uint64_t due_ms, std::function<void()> event)> at;
    std::function<Node*(raft::NodeId)> node;
  };

  Fleet(Surroundings& world, Outside outside, std::size_t sets, std::size_t brokers_each);

  void pass();     // a millisecond
  void disturb();  // brokers and connections that die
  void controller_crashed(raft::NodeId node);

  const std::vector<Broker>& brokers() const { return brokers_; }
  // Every set that can have a live master has one, as far as its brokers and the state know; else what is missing.
  std::optional<std::string> missing(const replication::State& state) const;

 private:
  void come_up(Broker& broker);
  void go_down(Broker& broker, std::uint64_t down_ms);
  void close(Broker& broker, raft::NodeId node);
  void send_heartbeats(Broker& broker);
  void on_the_way(Broker& broker, raft::NodeId node, std::function<void(controller::Replica&)> task);
  void request(Broker& broker);
  void ask(Broker& broker, Request request, void (Fleet::*answered)(Broker&, const Answer&));
  void on_next_id(Broker& broker, const Answer& answer);
  void on_applied_for(Broker& broker, const Answer& answer);
  void on_registered(Broker& broker, const Answer& answer);
  void on_elected(Broker& broker, const Answer& answer);
  void on_altered(Broker& broker, const Answer& answer);
  void on_info(Broker& broker, const Answer& answer);
  void learn(Broker& broker, const replication::Outcome& outcome);
  replication::AlterSyncStateSet alteration(const Broker& broker);

  Surroundings& world_;
  Outside outside_;
  std::vector<Broker> brokers_;
  std::uint64_t next_connection_ = 1;
};

}  // namespace gantry::sim
