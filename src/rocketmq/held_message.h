// Exactly one message, taken by POP for one piece of work of any length: its invisible time is renewed until it is
// acknowledged or given back. Whoever dies in between stops renewing, and the message comes again.
// Rule: POP_MESSAGE, CHANGE_MESSAGE_INVISIBLETIME, ACK_MESSAGE of Apache RocketMQ 5.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "rocketmq/cluster.h"
#include "rocketmq/consumer.h"
#include "rocketmq/message.h"

namespace gantry::rocketmq {

struct HeldMessageConfig {
  std::string group;
  std::string topic;
  std::string tags = "*";
  ConsumeFrom from = ConsumeFrom::earliest;
  std::chrono::milliseconds invisible_time{60'000};  // at least 1 s; renewed after each third of it
  std::chrono::milliseconds heartbeat_interval{30'000};
};

// All calls on the thread of the cluster's io_context, in this order: take, then one of acknowledge and give_back when
// there is a message, then leave, which is always needed.
class HeldMessage {
 public:
  HeldMessage(std::shared_ptr<Cluster> cluster, HeldMessageConfig config);
  ~HeldMessage();

  // Joins the group and asks the topic's brokers in turn until one has a message or `wait` is over: nothing. Never more
  // than one message is taken. Errors: those of the route (not_found), or of the last broker that was asked when not
  // one answered in time.
  boost::asio::awaitable<Result<std::optional<ReceivedMessage>>> take(std::chrono::milliseconds wait);
  // take() returns nothing within about two seconds; a message that it still gets is given back.
  void cancel();

  // The last renewals failed, and why; empty: the message is ours. expired: for so long that others may have it.
  struct Doubt {
    std::string why;
    bool expired = false;
  };
  const Doubt& doubt() const;

  boost::asio::awaitable<Result<void>> acknowledge();
  // It comes again after `after`, counted as one more delivery.
  boost::asio::awaitable<Result<void>> give_back(std::chrono::milliseconds after);
  boost::asio::awaitable<void> leave();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::rocketmq
