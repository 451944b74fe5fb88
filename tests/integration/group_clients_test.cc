// Who holds which queue, as the embedded broker and our own consumers tell it.
#include "lag/group_clients.h"

#include <gmock/gmock.h>

#include "integration/gantry_process.h"
#include "lag/rocketmq_lag.h"
#include "unit/drive.h"

namespace gantry::integration {
namespace {

class Holders : public WithBroker {
 protected:
  void SetUp() override {
    WithBroker::SetUp();
    ASSERT_EQ(run({"topic", "create", "--topic", "t", "--queues", "4"}).code, 0);
    auto made = rocketmq::Cluster::create(io, {.name_servers = name_server});
    ASSERT_TRUE(made) << made.error().message;
    cluster = *made;
  }
  void TearDown() override {
    cluster->stop();
    io.restart();
    io.poll();
    WithBroker::TearDown();
  }

  Result<lag::HeldLag> held() {
    lag::RocketmqLag source(cluster);
    lag::LagQuery query{"t", "g"};
    auto reading = test::await(io, source.read(query));
    if (!reading) return std::unexpected(reading.error());
    auto clients = test::await(io, lag::read_group_clients(cluster, "g", {"t"}));
    if (!clients) return std::unexpected(clients.error());
    return lag::hold({*reading}, *clients);
  }

  boost::asio::io_context io{1};
  std::shared_ptr<rocketmq::Cluster> cluster;
};

TEST_F(Holders, GivenTwoConsumersThenEachHoldsHalfOfTheQueuesAndTheLagIsTheirs) {
  auto nobody = held();
  ASSERT_TRUE(nobody) << nobody.error().message;
  EXPECT_TRUE(nobody->clients.empty());
  EXPECT_EQ(nobody->queues_without_client, 4u);

  // slow enough that nearly all of the messages wait while the test looks
  auto first = start({"consume", "--topic", "t", "--group", "g", "--mode", "pull", "--cost", "20s", "-o", "json"});
  auto second = start({"consume", "--topic", "t", "--group", "g", "--mode", "pull", "--cost", "20s", "-o", "json"});
  Result<lag::HeldLag> now;
  ASSERT_TRUE(eventually([&] {
    now = held();
    return now && now->clients.size() == 2 && now->queues_without_client == 0 && now->clients[0].queues == 2 &&
           now->clients[1].queues == 2;
  })) << (now ? std::to_string(now->clients.size()) : now.error().message);
  ASSERT_EQ(run({"send", "--topic", "t", "--count", "40"}).code, 0);
  now = held();
  ASSERT_TRUE(now) << now.error().message;
  EXPECT_FALSE(now->pop);
  for (const lag::ClientLag& client : now->clients) {
    EXPECT_THAT(client.addresses, testing::Contains("127.0.0.1"));
    EXPECT_EQ(client.lag, 20) << client.unknown;
  }
  first->signal(SIGKILL);
  second->signal(SIGKILL);
  first->wait();
  second->wait();
}

TEST_F(Holders, GivenAPopGroupThenNoPartOfItsLagIsAnybodys) {
  auto consumer = start({"consume", "--topic", "t", "--group", "g", "--mode", "pop", "-o", "json"});
  Result<lag::HeldLag> now;
  ASSERT_TRUE(eventually([&] {
    now = held();
    return now && now->pop;
  }));
  EXPECT_TRUE(now->clients.empty());
  consumer->signal(SIGTERM);
  consumer->wait();
}

}  // namespace
}  // namespace gantry::integration
