// Asks a cluster who consumes in a group and which queues each of them holds: connections of every broker of the topics
// (203), then each client once, through a broker that it is connected to (307), as mqadmin consumerProgress does for its
// column of client addresses.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "lag/held.h"
#include "rocketmq/cluster.h"

namespace gantry::lag {

struct GroupClientsConfig {
  std::size_t clients_max = 2'000;                  // of one group; then resource_exhausted
  std::size_t at_once_max = 64;                     // clients asked at the same time
  std::chrono::milliseconds client_timeout{2'000};  // a client that hangs is one whose queues are not known
  std::chrono::milliseconds timeout{10'000};        // of all; a client that had no time is one, too
};

// Errors: no route, or no broker that answers. No consumer connected is no error.
boost::asio::awaitable<Result<GroupClients>> read_group_clients(std::shared_ptr<rocketmq::Cluster> cluster,
                                                                std::string group, std::vector<std::string> topics,
                                                                GroupClientsConfig config = {});

}  // namespace gantry::lag
