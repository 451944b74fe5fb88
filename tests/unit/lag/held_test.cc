#include "lag/held.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::lag {
namespace {

using testing::ElementsAre;

LagReading reading(std::vector<std::optional<std::int64_t>> lags) {
  LagReading reading;
  reading.topic = "t";
  for (std::size_t i = 0; i < lags.size(); ++i) {
    QueueReading queue;
    queue.broker = "a";
    queue.queue_id = static_cast<std::int32_t>(i);
    queue.lag = lags[i];
    queue.oldest_age_ms = lags[i] ? std::optional<std::int64_t>(1'000 * static_cast<std::int64_t>(i)) : std::nullopt;
    reading.queues.push_back(queue);
    if (!lags[i]) reading.unknown = {"broker a did not say"};
  }
  return reading;
}

// Queues of topic t at broker a -> when they were pulled.
GroupClient client(const std::string& id, std::map<int, std::int64_t> queues) {
  GroupClient client{id, {"10.0.0." + id}, std::map<QueueName, std::int64_t>{}, ""};
  for (const auto& [queue, pulled_ms] : queues) (*client.queues)[{"t", "a", queue}] = pulled_ms;
  return client;
}

TEST(HeldLag, GivenQueuesAndClientsThenEachHasTheLagOfItsOwn) {
  const HeldLag held = hold({reading({5, 7, 11, 13})},
                            {.clients = {client("1", {{0, 1}, {1, 1}}), client("2", {{2, 1}}), client("3", {})}});
  ASSERT_EQ(held.clients.size(), 3u);
  EXPECT_EQ(held.clients[0].lag, 12);
  EXPECT_EQ(held.clients[0].oldest_age_ms, 1'000);
  EXPECT_EQ(held.clients[0].queues, 2u);
  EXPECT_EQ(held.clients[1].lag, 11);
  EXPECT_EQ(held.clients[2].lag, 0);  // connected, and known to hold nothing
  EXPECT_EQ(held.queues_without_client, 1u);
  EXPECT_EQ(held.waiting_without_client, 1u);
  EXPECT_THAT(held.clients[1].addresses, ElementsAre("10.0.0.2"));
}

TEST(HeldLag, GivenAQueueThatTwoClaimThenItIsOfTheOneWhoPulledItLast) {
  const HeldLag held =
      hold({reading({5})}, {.clients = {client("1", {{0, 100}}), client("2", {{0, 200}}), client("3", {{0, 50}})}});
  EXPECT_EQ(held.clients[0].lag, 0);
  EXPECT_EQ(held.clients[1].lag, 5);
  EXPECT_EQ(held.clients[2].lag, 0);
}

TEST(HeldLag, GivenWhatIsUnknownThenItIsNotZero) {
  GroupClient silent{"9", {"10.0.0.9"}, std::nullopt, "it did not answer"};
  const HeldLag held = hold({reading({5, std::nullopt, 3})},
                            {.clients = {client("1", {{0, 1}, {1, 1}, {2, 1}}), client("2", {}), silent}});
  EXPECT_EQ(held.clients[0].lag, std::nullopt);
  EXPECT_EQ(held.clients[0].oldest_age_ms, std::nullopt);
  EXPECT_EQ(held.clients[0].unknown, "broker a did not say");
  EXPECT_EQ(held.clients[2].lag, std::nullopt);
  EXPECT_EQ(held.clients[2].unknown, "it did not answer");
}

TEST(HeldLag, GivenAQueueOfABrokerThatDidNotAnswerThenTheLagOfItsConsumerIsUnknown) {
  GroupClient both = client("1", {{0, 1}});
  (*both.queues)[{"t", "silent", 3}] = 1;
  GroupClient other = client("2", {});
  (*other.queues)[{"%RETRY%g", "silent", 0}] = 1;  // of no topic that was asked for
  const HeldLag held = hold({reading({5})}, {.clients = {both, other}});
  EXPECT_EQ(held.clients[0].lag, std::nullopt);
  EXPECT_EQ(held.clients[0].unknown, "the lag of t queue 3 of silent was not read");
  EXPECT_EQ(held.clients[1].lag, 0);
}

TEST(HeldLag, GivenQueuesThatNobodyHoldsThenThoseWithMessagesAreToldUnlessASilentConsumerMayHoldThem) {
  EXPECT_EQ(hold({reading({5, 0, std::nullopt})}, {.clients = {client("1", {})}}).waiting_without_client, 2u);
  EXPECT_EQ(hold({reading({0, 0})}, {.clients = {client("1", {})}}).waiting_without_client, 0u);
  GroupClient silent{"9", {"10.0.0.9"}, std::nullopt, "it did not answer"};
  EXPECT_EQ(hold({reading({5})}, {.clients = {client("1", {}), silent}}).waiting_without_client, std::nullopt);
}

TEST(HeldLag, GivenAPopGroupThenNobodyHoldsAnything) {
  LagReading by_pop = reading({5});
  by_pop.pop = true;
  EXPECT_TRUE(hold({by_pop}, {.clients = {client("1", {{0, 1}})}}).pop);
  EXPECT_TRUE(hold({by_pop}, {.clients = {client("1", {{0, 1}})}}).clients.empty());
  EXPECT_TRUE(hold({reading({5})}, {.pop = true, .clients = {}}).pop);
}

TEST(HeldLag, GivenAddressesOfAllFormsThenTheyAreReadOrEmpty) {
  EXPECT_EQ(address_of_remote("10.1.2.3:5151"), "10.1.2.3");
  EXPECT_EQ(address_of_remote("/10.1.2.3:5151"), "10.1.2.3");
  EXPECT_EQ(address_of_remote("[fd00::1]:80"), "fd00::1");
  EXPECT_EQ(address_of_remote("[::ffff:10.1.2.3]:80"), "10.1.2.3");
  EXPECT_EQ(address_of_remote("fd00:0:0:0:0:0:0:1:80"), "fd00::1");  // as Java writes it
  EXPECT_EQ(address_of_remote("host:80"), "");
  EXPECT_EQ(address_of_remote(""), "");
  EXPECT_EQ(address_of_client_id("10.1.2.3@17#5"), "10.1.2.3");
  EXPECT_EQ(address_of_client_id("pod-1@17#5"), "");
  EXPECT_EQ(address_of_client_id("10.1.2.3"), "");
}

}  // namespace
}  // namespace gantry::lag
