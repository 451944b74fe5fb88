// Who is asked for their queues, and for how long, against brokers that the test controls.
#include "lag/group_clients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/rocketmq/fake_cluster.h"

namespace gantry::lag {
namespace {

using namespace rocketmq::fake;
using testing::HasSubstr;

TEST(GroupClients, GivenConsumersThatHangThenAllOfThemTogetherHaveOneDeadline) {
  asio::io_context io{1};
  Servers servers(io);
  Broker& broker = servers.add_broker("broker-a");
  servers.add_topic("t", 2);
  for (const char* id : {"c-1", "c-2", "c-3", "c-4", "c-5"}) broker.members["g"][id] = nullptr;
  std::vector<remoting::Request> held;
  broker.server.handle(code::kGetConsumerRunningInfo,
                       [&](remoting::Request request) { held.push_back(std::move(request)); });
  auto cluster = servers.connect();
  GroupClientsConfig config;
  config.at_once_max = 1;
  config.client_timeout = 300ms;
  config.timeout = 1s;  // two or three of them: below a quarter of a request's 2 s none is begun
  const auto begin = std::chrono::steady_clock::now();
  auto clients = await(io, read_group_clients(cluster, "g", {"t"}, config));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1'400ms) << "five would take 1.5 s";
  ASSERT_TRUE(clients) << clients.error().message;
  ASSERT_EQ(clients->clients.size(), 5U);
  EXPECT_THAT(clients->clients.front().why, HasSubstr("c-1 does not tell its queues"));
  EXPECT_FALSE(clients->clients.back().queues);
  EXPECT_THAT(clients->clients.back().why, HasSubstr("c-5 was not asked for its queues: no time was left"));
  cluster->stop();
}

}  // namespace
}  // namespace gantry::lag
