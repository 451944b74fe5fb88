// The controllers under measurement as the cases see them: several connections to each node, who leads, and replica sets
// that were made for the run and whose brokers are kept alive by heartbeats. Their brokers' addresses are listeners of
// ours, so that role-change notices arrive as they do at brokers.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/controller.h"
#include "bench/session.h"
#include "remoting/client.h"
#include "remoting/server.h"
#include "wire/bodies/controller.h"
#include "wire/headers/controller.h"

namespace gantry::bench {

inline constexpr const char* kBenchCluster = "gantry-bench";
// After which a broker is silent: long, so that keeping them alive costs next to nothing beside what is measured.
inline constexpr std::chrono::milliseconds kBrokerTimeout{180'000};

// One replica set, as its controller said it last. Changed by one worker at a time.
struct ReplicaSet {
  std::string name;
  std::int64_t master = 0;
  std::int32_t master_epoch = 0;
  wire::SyncStateSet in_sync;
};

class ControllerSession {
 public:
  ControllerSession(boost::asio::io_context& io, const ControllerOptions& options);

  // Finds the leader, makes the sets and starts to keep their brokers alive. Takes as long as the controller needs for
  // it: some 8 writes a set.
  boost::asio::awaitable<Result<void>> prepare();
  boost::asio::awaitable<Result<void>> find_leader();
  // Deletes the sets of prepare() and of registration; those that cannot be are left. Heartbeats end. How many are gone.
  boost::asio::awaitable<std::size_t> clean();
  // Instead of prepare(): the sets PREFIX-0 to PREFIX-(COUNT - 1) of an earlier run, to be cleaned. Of "PREFIX:COUNT".
  Result<void> adopt(std::string_view sets);
  // "PREFIX:COUNT" of all that were made.
  std::string made() const { return prefix_ + ":" + std::to_string(named_); }
  std::size_t made_count() const { return named_; }
  void stop();

  // On one of the connections to a node, the same for the same `worker`.
  boost::asio::awaitable<Result<wire::Command>> call(std::size_t worker, std::string address, wire::Command request);

  // One-way.
  void tell(std::size_t worker, const std::string& address, wire::Command request);

  // The six requests of a new set of two brokers (three a broker); the answer of the last, or of the first that failed.
  boost::asio::awaitable<Result<wire::Command>> register_set(std::size_t worker, std::string name);
  std::string new_name() { return prefix_ + "-" + std::to_string(named_++); }
  // 1001 with all replicas, or with the master alone. What it answers goes into `set`.
  boost::asio::awaitable<Result<wire::Command>> alter(std::size_t worker, ReplicaSet& set, bool all);
  // What the controller says now (1004), after an answer that was an error or did not come.
  boost::asio::awaitable<void> look_again(std::size_t worker, ReplicaSet& set);

  wire::Command heartbeat(const std::string& set_name, std::int64_t broker_id,
                          std::chrono::milliseconds timeout = kBrokerTimeout) const;
  // Whether the session itself keeps the brokers alive; a case that does it as brokers do turns it off.
  void keep_alive_by_itself(bool on) { keeping_alive_ = on; }
  std::string broker_address(std::int64_t broker_id) const;

  const std::string& leader() const { return leader_; }
  const std::vector<std::string>& endpoints() const { return endpoints_; }
  const std::vector<std::string>& followers() const { return followers_; }
  std::vector<ReplicaSet>& sets() { return sets_; }
  const ControllerOptions& options() const { return options_; }

 private:
  Result<void> read_endpoints();
  boost::asio::awaitable<Result<void>> make_set(std::size_t worker, ReplicaSet& set);
  boost::asio::awaitable<Result<void>> make_set_at_last(std::size_t worker,
                                                        ReplicaSet& set);  // tries again when a leader goes
  boost::asio::awaitable<void> keep_alive();

  boost::asio::io_context& io_;
  ControllerOptions options_;
  std::string prefix_;
  std::size_t named_ = 0;
  std::vector<std::string> endpoints_;
  std::string leader_;
  std::vector<std::string> followers_;
  std::vector<std::unique_ptr<remoting::Client>> clients_;
  std::vector<std::unique_ptr<remoting::Server>> brokers_;  // one listener for each id in a set
  std::vector<ReplicaSet> sets_;
  bool keeping_alive_ = true;
  bool stopped_ = false;
};

}  // namespace gantry::bench
