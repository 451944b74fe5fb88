// Which controllers of the group may be given to brokers: those that know a leader, as they themselves have said within
// the last second and a half. Each controller asks all others; followers do not hear of each other otherwise.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include "controller/liveness.h"
#include "net/alarm.h"
#include "raft/types.h"
#include "remoting/client.h"

namespace gantry::controller {

class Replica;

class Doors {
 public:
  // All must outlive it; used on the thread of `io`.
  Doors(boost::asio::io_context& io, remoting::Client& client, const Replica& replica);

  void start(raft::NodeId self);
  void stop() { again_.stop(); }

  // Voters that know a leader, this node among them when it does; empty when it does not.
  std::vector<raft::NodeId> open() const;

 private:
  static constexpr std::chrono::milliseconds kAskEvery{500};
  static constexpr std::chrono::milliseconds kTimeout{1'000};
  static constexpr std::int64_t kForgottenAfterMs = 1'500;

  void ask();
  void answered(raft::NodeId node, const Result<wire::Command>& answer);

  remoting::Client& client_;
  const Replica& replica_;
  raft::NodeId self_ = 0;
  net::Alarm again_;
  std::map<raft::NodeId, MonotonicMs> open_since_;  // when it last said so
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace gantry::controller
