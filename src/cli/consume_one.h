// `gantry consume --one --exec CMD`: what a Job runs. One message is taken, CMD is run on it, and what becomes of the
// message follows from how CMD ended.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rocketmq/cluster.h"
#include "rocketmq/held_message.h"
#include "rocketmq/message.h"

namespace gantry::cli {

struct ConsumeOneOptions {
  rocketmq::HeldMessageConfig message;
  std::vector<std::string> command;               // the program, looked up in PATH, and its arguments
  std::chrono::milliseconds wait{10'000};         // for a message
  std::chrono::milliseconds grace{25'000};        // from SIGTERM to SIGKILL; under Kubernetes' 30 s
  std::chrono::milliseconds retry_after{10'000};  // until a message comes again whose command failed
  bool json = false;                              // a line about the message, when all is done
};

// GANTRY_TOPIC and so on: what the command learns of the message besides its body, which it reads from standard input.
std::map<std::string, std::string> message_environment(const rocketmq::ReceivedMessage& message,
                                                       const std::string& group);

// Exit codes: 0 the command ended with 0 and its message is acknowledged, or no message came in time; the command's own
// (128 + the signal that ended it, 126 and 127 when it could not be started) when that is not 0, and the message comes
// again; 1 no broker could be asked, or the acknowledgement is not known to have been taken.
boost::asio::awaitable<int> consume_one(ConsumeOneOptions options, std::shared_ptr<rocketmq::Cluster> cluster);

}  // namespace gantry::cli
