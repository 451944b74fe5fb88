// The cases of `gantry bench controller`, each a worker that is started in_flight times.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "bench/controller_session.h"

namespace gantry::bench {

// What one case counted within its window.
struct ControllerCount {
  std::uint64_t operations = 0;
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> errors;  // response code, or the word for what kept an answer from coming
  std::string first_error;
  Latency latency;
  double behind_ms = 0;  // of a paced case: the most that a request was sent too late, as we could not send faster
};

using ControllerWorker =
    std::function<boost::asio::awaitable<void>(ControllerSession&, std::size_t index, Window&, ControllerCount&)>;

// metadata: 1005 of the leader. replica-info: 1004 of the leader, of each set in turn; replica-info-followers: of the
// other nodes in turn. heartbeat: 904 of the leader as a request, so that it has an answer and a latency. alter: 1001,
// each worker on sets of its own, one replica leaves and comes back in turn. elect: 1002 that designates the other
// replica; before each the set is brought back in sync by a 1001 that is not counted. mix: what real brokers ask, in
// their proportion: of 1,000 requests 905 are 904 to all nodes in turn, 60 are 1004, 30 are 1005, 5 are 1001.
// registration: a new set with its brokers' 1012, 1013 and 1003 each; an operation is a set.
// fleet: the one worker makes what all brokers of the sets ask of themselves: 904 one-way to every node each second, 1004
// every 5 s, 1005 every 10 s, of each set a 1001 a minute. A set has a connection to each node of its own as long as
// there are enough. An operation is a request; the latency is that of those with an answer.
// An unknown name gives an empty function.
ControllerWorker controller_worker(const std::string& name, std::size_t in_flight, std::size_t registered_max);

}  // namespace gantry::bench
