#include "metrics_api/pod_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::metrics_api {
namespace {

using testing::HasSubstr;

lag::ClientLag client(std::vector<std::string> addresses, std::optional<std::int64_t> lag, std::int64_t age_ms = 0) {
  lag::ClientLag client;
  client.addresses = std::move(addresses);
  client.lag = lag;
  if (lag) client.oldest_age_ms = age_ms;
  if (!lag) client.unknown = "it did not answer";
  return client;
}

TEST(PodValues, GivenConsumersOfPodsThenEachPodHasTheLagOfItsOwnAndOthersAreLeftOut) {
  const std::vector<kube_api::Pod> pods = {{"two-clients", "10.0.0.1", {}}, {"idle", "10.0.0.2", {}},
                                           {"no-consumer", "10.0.0.3", {}}, {"unknown", "10.0.0.4", {}},
                                           {"by-id", "10.0.0.5", {}},       {"host-a", "192.168.0.1", {}},
                                           {"host-b", "192.168.0.1", {}},   {"half-known", "10.0.0.6", {}}};
  lag::HeldLag held;
  held.clients = {client({"10.0.0.1"}, 5, 1'500),
                  client({"10.0.0.1"}, 7, 500),
                  client({"10.0.0.2"}, 0),
                  client({"10.0.0.4"}, std::nullopt),
                  client({"127.0.0.6", "10.0.0.5"}, 9, 2'000),  // seen through a sidecar
                  client({"192.168.0.1"}, 100),
                  client({"10.0.0.6"}, 1),
                  client({"10.0.0.6"}, std::nullopt),
                  client({"10.9.9.9"}, 1'000),
                  client({}, 1'000)};
  auto values = pod_values(pods, held, Unit::messages);
  ASSERT_TRUE(values) << values.error().message;
  std::string text;
  for (const PodValue& value : *values) text += fmt::format("{}={} ", value.pod, value.value);
  EXPECT_EQ(text, "two-clients=12 idle=0 by-id=9 ");

  values = pod_values(pods, held, Unit::seconds);
  text.clear();
  for (const PodValue& value : *values) text += fmt::format("{}={} ", value.pod, value.value);
  EXPECT_EQ(text, "two-clients=1.5 idle=0 by-id=2 ");
}

TEST(PodValues, GivenMessagesInQueuesThatNobodyHoldsThenNoAverageIsTold) {
  lag::HeldLag held;
  held.clients = {client({"10.0.0.1"}, 5)};
  held.waiting_without_client = 2;
  const auto values = pod_values({{"a", "10.0.0.1", {}}}, held, Unit::messages);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code, Errc::unavailable);
  EXPECT_THAT(values.error().message, HasSubstr("messages wait in 2 queues that no consumer holds"));
  held.waiting_without_client = 0;
  EXPECT_TRUE(pod_values({{"a", "10.0.0.1", {}}}, held, Unit::messages));
}

TEST(PodValues, GivenNoPodWhoseLagIsKnownThenThatIsAnErrorWithItsReason) {
  lag::HeldLag held;
  held.pop = true;
  EXPECT_EQ(pod_values({{"a", "10.0.0.1", {}}}, held, Unit::messages).error().code, Errc::invalid_argument);
  held.pop = false;
  held.clients = {client({"10.0.0.2"}, 5)};
  auto none = pod_values({{"a", "10.0.0.1", {}}}, held, Unit::messages);
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_THAT(none.error().message, HasSubstr("no consumer connects from 1 such pod: the group has 1 consumer"));
  held.clients = {client({"10.0.0.1"}, std::nullopt)};
  EXPECT_THAT(pod_values({{"a", "10.0.0.1", {}}}, held, Unit::messages).error().message, HasSubstr("did not answer"));
  held.clients = {client({"10.0.0.1"}, 5)};
  EXPECT_THAT(pod_values({{"a", "10.0.0.1", {}}, {"b", "10.0.0.1", {}}}, held, Unit::messages).error().message,
              HasSubstr("several pods have the address 10.0.0.1"));
}

}  // namespace
}  // namespace gantry::metrics_api
