// Waits for messages without reading lag again and again: one NOTIFICATION request (200054) a broker is held there until
// something that the group has not consumed is in the topic. It serves classic groups as well as those that pop, because
// a broker compares the end of each queue with the offset that the group has committed. Brokers before 5.0 do not know
// the request: then who waits must look by himself. Lives on the thread of its io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "rocketmq/wakeup.h"

namespace gantry::triggers {

class ArrivalPolls {
 public:
  // A server may stop reading a connection on which many requests have no answer (ours at 2,048), so those that are held
  // have connections of their own, this many on each.
  static constexpr std::size_t kHeldByConnectionMax = 1'000;
  static constexpr std::size_t kConnectionsMax = 16;  // to each broker; further polls of it are impossible

  enum class Outcome {
    arrived,     // there is something to consume, as the broker sees it
    nothing,     // not within the time
    impossible,  // a broker did not take the request: look yourself
  };

  // Routes come from `cluster`; the held requests go over clusters of the same configuration.
  ArrivalPolls(boost::asio::io_context& io, std::shared_ptr<rocketmq::Cluster> cluster);

  // Any number may wait for the same topic and group: each broker is asked once for all of them.
  boost::asio::awaitable<Outcome> wait(std::string topic, std::string group, std::chrono::milliseconds at_most);

  std::size_t held() const;
  void stop();

 private:
  struct Watched;  // a topic and group with requests held or with somebody who waits
  struct State;    // outlives us for as long as an answer is due

  static boost::asio::awaitable<void> hold(std::shared_ptr<State> state, std::shared_ptr<Watched> watched,
                                           std::size_t connection, std::string broker, std::string address,
                                           std::chrono::milliseconds at_most);

  std::shared_ptr<State> state_;
};

}  // namespace gantry::triggers
