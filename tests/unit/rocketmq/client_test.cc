// Cluster, producer and admin queries against servers that the test controls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rocketmq/admin.h"
#include "rocketmq/gather.h"
#include "rocketmq/producer.h"
#include "unit/rocketmq/fake_cluster.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;
using testing::ElementsAre;
using testing::HasSubstr;

class ClientTest : public testing::Test {
 protected:
  // a port that nobody listens on any more
  std::string dead_address() {
    Broker gone(io, "gone");
    const std::string address = gone.address();
    gone.server.stop();
    return address;
  }

  void TearDown() override { cluster->stop(); }

  asio::io_context io{1};
  Servers servers{io};
  std::shared_ptr<Cluster> cluster = servers.connect();  // asks for nothing before the test does
};

TEST_F(ClientTest, GivenADeadNameServerWhenAnotherAnswersThenTheRouteIsFound) {
  servers.add_broker("broker-a");
  servers.add_topic("t", 4);
  cluster->stop();
  cluster = servers.connect(dead_address() + ";" + servers.address());
  auto route = await(io, cluster->route("t"));
  ASSERT_TRUE(route) << route.error().message;
  EXPECT_EQ(route->write_queues().size(), 4U);
}

TEST_F(ClientTest, GivenNoNameServerThenTheErrorSaysWhatToDo) {
  const std::string address = dead_address();
  cluster->stop();
  cluster = servers.connect(address);
  auto route = await(io, cluster->route("t"));
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().code, Errc::unavailable);
  EXPECT_THAT(route.error().message, HasSubstr("cannot reach name server " + address));
  EXPECT_THAT(route.error().message, HasSubstr("gantry broker"));
  EXPECT_THAT(advice_to_start({"rocketmq-namesrv.rocketmq:9876"}), HasSubstr("is the port open from here?"));
  EXPECT_THAT(advice_to_start({"[::1]:9876"}), HasSubstr("gantry broker"));
}

TEST_F(ClientTest, GivenAddressesThatCannotBeReadThenInvalidArgument) {
  for (const char* text : {"", "nonsense", "host:99999"}) {
    ClusterConfig config;
    config.name_servers = text;
    auto cluster = Cluster::create(io, config);
    ASSERT_FALSE(cluster) << text;
    EXPECT_EQ(cluster.error().code, Errc::invalid_argument);
  }
}

TEST_F(ClientTest, GivenKeysThatAreRotatedThenTheNextRequestIsSignedWithTheNewOnes) {
  ClusterConfig config;
  config.name_servers = servers.address();
  config.credentials = wire::Credentials{"reader", "one", ""};
  cluster->stop();
  cluster = *Cluster::create(io, config);
  std::vector<std::string> verified;  // with which secret
  servers.server.handle(code::kGetRouteinfoByTopic, [&](remoting::Request request) {
    for (const char* secret : {"one", "two"}) {
      if (wire::verify(request.command, {"reader", secret, ""})) verified.push_back(secret);
    }
    request.reply.send(rc::kTopicNotExist);
  });
  EXPECT_FALSE(await(io, cluster->route("t")));
  cluster->rotate({"reader", "two", ""});
  EXPECT_FALSE(await(io, cluster->route("t", Freshness::now)));
  EXPECT_THAT(verified, ElementsAre("one", "two"));
}

TEST_F(ClientTest, GivenARouteThenItIsAskedForOnceUntilForgotten) {
  servers.add_broker("broker-a");
  servers.add_topic("t", 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(await(io, cluster->route("t")));
  EXPECT_EQ(servers.route_calls, 1);
  EXPECT_TRUE(await(io, cluster->route("t", Freshness::now)));
  cluster->forget_route("t");
  EXPECT_TRUE(await(io, cluster->route("t")));
  EXPECT_EQ(servers.route_calls, 3);
}

// A name server forgets a dead broker and its topics: to create them would be the wrong advice.
TEST_F(ClientTest, GivenNoBrokerThenAnUnknownTopicIsUnavailableAndNotToBeCreated) {
  auto route = await(io, cluster->route("nope"));
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().code, Errc::unavailable);
  EXPECT_THAT(route.error().message, HasSubstr("no broker is registered with name server " + servers.address()));
  EXPECT_THAT(route.error().message, Not(HasSubstr("create")));
}

TEST_F(ClientTest, GivenAnUnknownTopicThenNotFoundSaysHowToCreateIt) {
  servers.add_broker("broker-a");
  auto route = await(io, cluster->route("nope"));
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().code, Errc::not_found);
  EXPECT_THAT(route.error().message, HasSubstr("gantry topic create --topic nope"));
}

Message message(std::string body) {
  Message m;
  m.topic = "t";
  m.body = std::move(body);
  return m;
}

TEST_F(ClientTest, GivenAProducerWhenSendingThenQueuesTakeTurnsAndPropertiesTravel) {
  Broker& broker = servers.add_broker("broker-a");
  servers.add_topic("t", 4);
  Producer producer(cluster, {});
  std::set<std::int32_t> queues;
  for (int i = 0; i < 4; ++i) {
    Message m = message("body");
    m.tag = "T";
    m.keys = "K";
    auto receipt = await(io, producer.send(m));
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(receipt->status, SendStatus::ok);
    EXPECT_EQ(receipt->queue.broker_name, "broker-a");
    EXPECT_EQ(receipt->message_id.size(), 32U);
    queues.insert(receipt->queue.queue_id);
  }
  EXPECT_EQ(queues.size(), 4U);
  const std::string properties = broker.sent.front().properties.value_or("");
  EXPECT_EQ(wire::find_property(properties, "TAGS"), "T");
  EXPECT_EQ(wire::find_property(properties, "KEYS"), "K");
  EXPECT_TRUE(wire::find_property(properties, "UNIQ_KEY"));
}

TEST_F(ClientTest, GivenAShardingKeyThenAlwaysOneQueue) {
  Broker& broker = servers.add_broker("broker-a");
  servers.add_topic("t", 8);
  Producer producer(cluster, {});
  std::set<std::int32_t> queues;
  for (int i = 0; i < 5; ++i) {
    Message m = message("body");
    m.sharding_key = "order-7";
    queues.insert(await(io, producer.send(m))->queue.queue_id);
  }
  EXPECT_EQ(queues.size(), 1U);
  EXPECT_EQ(broker.sent.size(), 5U);
}

TEST_F(ClientTest, GivenABusyBrokerThenTheOtherTakesItUnderTheSameId) {
  Broker& a = servers.add_broker("broker-a");
  Broker& b = servers.add_broker("broker-b");
  servers.add_topic("t", 1);
  a.refuse(code::kSendMessageV2, rc::kSystemBusy);
  b.refuse(code::kSendMessageV2, rc::kSystemBusy);
  Producer producer(cluster, {});
  auto receipt = await(io, producer.send(message("x")));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(a.calls[code::kSendMessageV2] + b.calls[code::kSendMessageV2], 3);
  EXPECT_EQ(a.sent.size() + b.sent.size(), 1U);
}

TEST_F(ClientTest, GivenADeadBrokerThenTheOtherTakesIt) {
  Broker& a = servers.add_broker("broker-a");
  Broker& b = servers.add_broker("broker-b");
  servers.add_topic("t", 1);
  a.server.stop();
  Producer producer(cluster, {});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(await(io, producer.send(message("x"))));
  EXPECT_EQ(b.sent.size(), 3U);
}

TEST_F(ClientTest, GivenARefusalThatRepeatsThenTheLastErrorComesOut) {
  Broker& a = servers.add_broker("broker-a");
  servers.add_topic("t", 1);
  for (int i = 0; i < 3; ++i) a.refuse(code::kSendMessageV2, rc::kSystemError);
  Producer producer(cluster, {});
  auto receipt = await(io, producer.send(message("x")));
  ASSERT_FALSE(receipt);
  EXPECT_THAT(receipt.error().message, HasSubstr("refused by the test"));
  a.refuse(code::kSendMessageV2, rc::kMessageIllegal);  // not tried again
  receipt = await(io, producer.send(message("x")));
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::invalid_argument);
  EXPECT_EQ(a.calls[code::kSendMessageV2], 4);
}

TEST_F(ClientTest, GivenAnUnknownTopicThenBrokersThatCreateTopicsAreUsed) {
  servers.add_broker("broker-a");
  servers.add_topic("TBW102", 8, 7);
  Producer producer(cluster, {});
  auto receipt = await(io, producer.send(message("x")));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_LT(receipt->queue.queue_id, 4);
  servers.routes.clear();
  cluster->forget_route("TBW102");
  receipt = await(io, producer.send(message("x")));
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::not_found);
}

TEST_F(ClientTest, GivenATopicWithoutWritableQueueThenUnavailable) {
  servers.add_broker("broker-a");
  servers.add_topic("t", 1, 4);
  Producer producer(cluster, {});
  auto receipt = await(io, producer.send(message("x")));
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::unavailable);
}

TEST_F(ClientTest, GivenStatusesOfReplicationThenTheyAreInTheReceipt) {
  servers.add_broker("broker-a");
  servers.add_topic("t", 1);
  Producer producer(cluster, {});
  auto refused = await(io, producer.send(message(std::string(5 * 1024 * 1024, 'x'))));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  Message bad = message("x");
  bad.keys = std::string(
      "a\x01"
      "b");
  EXPECT_FALSE(await(io, producer.send(bad)));
  for (const char* name : {"SEND_OK", "FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT", "SLAVE_NOT_AVAILABLE"}) {
    static int i = 0;
    EXPECT_EQ(to_string(static_cast<SendStatus>(i++)), name);
  }
}

TEST_F(ClientTest, GivenABatchThenOneRequestStoresAll) {
  Broker& a = servers.add_broker("broker-a");
  servers.add_topic("t", 1);
  Producer producer(cluster, {});
  auto receipt = await(io, producer.send_batch({message("1"), message("2"), message("3")}));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(a.calls[code::kSendBatchMessage], 1);
  EXPECT_EQ((a.queues[{"t", 0}].size()), 3U);
  EXPECT_EQ(receipt->message_id.size(), 32U * 3 + 2);
  EXPECT_FALSE(await(io, producer.send_batch({})));
  Message other = message("x");
  other.topic = "u";
  EXPECT_FALSE(await(io, producer.send_batch({message("1"), other})));
}

TEST_F(ClientTest, GivenAdminQueriesThenAnswersAreTyped) {
  Broker& a = servers.add_broker("broker-a");
  servers.add_topic("t", 2);
  a.store("t", 0, "x");
  AdminQueries admin(cluster);
  EXPECT_THAT(await(io, admin.topic_list()).value(), ElementsAre("t"));
  EXPECT_EQ(await(io, admin.masters()).value().at("broker-a"), a.address());
  EXPECT_EQ(await(io, admin.runtime_info(a.address())).value().at("brokerVersionDesc"), "V5_3_3");
  EXPECT_EQ(await(io, admin.topic_stats(a.address(), "t")).value().offset_table.size(), 2U);
  EXPECT_EQ(await(io, admin.topic_config(a.address(), "t")).value().topic_name, "t");
  EXPECT_EQ(await(io, admin.topic_stats(a.address(), "u")).error().code, Errc::not_found);
  EXPECT_EQ(await(io, admin.consumer_connection(a.address(), "g")).error().code, Errc::not_found);
  EXPECT_FALSE(await(io, admin.committed(a.address(), "g", {"broker-a", 0, "t"})).value());
  a.offsets[{"g", "t", 0}] = 5;
  EXPECT_EQ(await(io, admin.committed(a.address(), "g", {"broker-a", 0, "t"})).value(), 5);

  wire::TopicConfig config;
  config.topic_name = "new";
  EXPECT_TRUE(await(io, admin.create_topic(config)));
  EXPECT_TRUE(a.topics.contains("new"));
  EXPECT_EQ(await(io, admin.create_topic(config, {"nobody"})).error().code, Errc::not_found);
  EXPECT_TRUE(await(io, admin.delete_topic("new")));
  EXPECT_FALSE(a.topics.contains("new"));
  a.members["g"];
  EXPECT_EQ(await(io, admin.groups(a.address())).value().subscription_group_table.count("g"), 1U);
  EXPECT_THAT(await(io, admin.groups_of_topic(a.address(), "t")).value(), ElementsAre("g"));
  EXPECT_THAT(await(io, admin.topics_of_group(a.address(), "g")).value(), ElementsAre("t"));
  EXPECT_TRUE(await(io, admin.delete_group("g", true)));
  EXPECT_FALSE(a.members.contains("g"));
}

TEST_F(ClientTest, GivenAGroupOfflineWhenResetThenEachQueueIsSet) {
  Broker& a = servers.add_broker("broker-a");
  servers.add_topic("t", 2);
  for (int i = 0; i < 3; ++i) a.store("t", 0, "x");
  AdminQueries admin(cluster);
  auto result = await(io, admin.reset_offsets("t", "g", -1));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_FALSE(result->online);
  EXPECT_EQ((a.offsets[{"g", "t", 0}]), 3);
  result = await(io, admin.reset_offsets("t", "g", 1234));
  EXPECT_EQ((a.offsets[{"g", "t", 1}]), 1);
  EXPECT_EQ(await(io, admin.reset_offsets("u", "g", 0)).error().code, Errc::not_found);
}

TEST_F(ClientTest, GivenNoBrokersThenMastersSaysSo) {
  AdminQueries admin(cluster);
  EXPECT_EQ(await(io, admin.masters()).error().code, Errc::unavailable);
}

asio::awaitable<int> number(asio::io_context& io, int n) {
  asio::steady_timer timer(io, std::chrono::milliseconds(10 - n));
  co_await timer.async_wait(asio::use_awaitable);
  if (n == 7) throw std::runtime_error("seven");
  co_return n;
}

TEST_F(ClientTest, GivenCoroutinesWhenGatheredThenResultsKeepTheirOrder) {
  std::vector<asio::awaitable<int>> all;
  for (int i = 0; i < 5; ++i) all.push_back(number(io, i));
  EXPECT_THAT(await(io, gather(io, std::move(all))), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_TRUE(await(io, gather(io, std::vector<asio::awaitable<int>>{})).empty());
}

}  // namespace
}  // namespace gantry::rocketmq
