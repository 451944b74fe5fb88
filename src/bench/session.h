// One target as the cases see it: a connection to its broker, a topic made for the run, and a clock that says when the
// measurement is over.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/latency.h"
#include "bench/options.h"
#include "remoting/client.h"
#include "wire/command.h"

namespace gantry::bench {

using SteadyClock = std::chrono::steady_clock;

inline constexpr std::chrono::milliseconds kCallTimeout{10'000};

class Session {
 public:
  Session(boost::asio::io_context& io, const Target& target);

  // Finds the broker by the name server's cluster info.
  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<void>> create_topic(std::string topic, std::int32_t queues);
  // Those that were created; one that cannot be deleted is left.
  boost::asio::awaitable<void> delete_topics();
  boost::asio::awaitable<Result<wire::Command>> call(wire::Command request);

  remoting::Client& client() { return client_; }
  const Target& target() const { return target_; }
  const std::string& broker_address() const { return broker_address_; }
  const std::string& broker_name() const { return broker_name_; }

 private:
  Target target_;
  remoting::Client client_;
  std::string broker_address_;
  std::string broker_name_;
  std::vector<std::string> topics_;
};

// What one case counted between `begin` and `end`.
struct Count {
  std::uint64_t operations = 0;  // messages, for cases that handle several in a request
  std::uint64_t failed = 0;
  Latency latency;  // of requests
  std::string first_error;
};

// The window in which things count; before it the case warms up. A worker that has nothing left to do ends it early:
// what comes after that would measure waiting.
struct Window {
  SteadyClock::time_point begin;
  SteadyClock::time_point end;
  bool over() const { return SteadyClock::now() >= end; }
  void end_now() { end = std::min(end, SteadyClock::now()); }
};

// One worker of a case: loops until the window is over. A case starts `in_flight` of them.
using Worker = std::function<boost::asio::awaitable<void>(Session&, std::size_t index, Window&, Count&)>;

// Counts one answered request of `operations` messages, or its failure, when it ended within the window.
void tally(Count& count, const Window& window, SteadyClock::time_point started, const Result<wire::Command>& response,
           std::uint64_t operations);

}  // namespace gantry::bench
