// Access control: whose requests are served, and which rights each request code needs.
#include "broker/access_control.h"

#include <gtest/gtest.h>

#include "broker/named_resources.h"
#include "broker/table.h"
#include "broker_fixture.h"
#include "wire/bodies/assignment.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/queue_lock.h"
#include "wire/headers/admin.h"
#include "wire/signature.h"

namespace gantry::broker {
namespace {

TEST(AccessControlTest, GivenUsersThenRequestsMustBeSignedAndAllowed) {
  BrokerFixture f({.users = {{"root", "secret-root", true, {}, {}}, {"app", "secret-app", false, {"orders*"}, {"g"}}}});
  auto as = [&](std::string key, std::string secret) {
    return f.new_client([=](wire::Command& command) { wire::sign(command, {key, secret, {}}); });
  };
  auto root = as("root", "secret-root"), app = as("app", "secret-app"), wrong = as("app", "guess"),
       stranger = as("who", "x");
  auto send_to = [&](std::string topic, remoting::Client* client) {
    auto command = wire::make_request(request::kSendMessage, f.send_header(std::move(topic), 0));
    command.body = "x";
    return f.call(std::move(command), client).code;
  };
  EXPECT_EQ(send_to("orders-1", f.client.get()), code::kNoPermission);
  EXPECT_EQ(send_to("orders-1", wrong.get()), code::kNoPermission);
  EXPECT_EQ(send_to("orders-1", stranger.get()), code::kNoPermission);
  EXPECT_EQ(send_to("orders-1", app.get()), code::kSuccess);
  EXPECT_EQ(send_to("other", app.get()), code::kNoPermission);
  EXPECT_EQ(send_to("other", root.get()), code::kSuccess);
  auto pull_as = [&](std::string group, std::string topic, remoting::Client* client) {
    return f
        .call(wire::make_request(request::kPullMessage, f.pull_header(std::move(group), std::move(topic), 0, 0)),
              client)
        .code;
  };
  EXPECT_EQ(pull_as("g", "orders-1", app.get()), code::kSuccess);
  EXPECT_EQ(pull_as("h", "orders-1", app.get()), code::kNoPermission);
  EXPECT_EQ(pull_as("g", "other", app.get()), code::kNoPermission);
  auto admin = wire::make_request(request::kGetBrokerConfig);
  EXPECT_EQ(f.call(admin, app.get()).code, code::kNoPermission);
  EXPECT_EQ(f.call(admin, root.get()).code, code::kSuccess);
}

enum class Verdict { allowed, refused };
constexpr Verdict allowed = Verdict::allowed, refused = Verdict::refused;

struct Asked {
  std::int32_t code;
  std::map<std::string, std::string> fields;
  Verdict verdict;
  std::string body = {};
};

std::string heartbeat_of(std::string group, std::string topic) {
  wire::HeartbeatData data;
  data.client_id = "c";
  data.producer_data_set.push_back({"any producer"});
  if (!group.empty()) {
    wire::ConsumerData consumer;
    consumer.group_name = group;
    consumer.subscription_data_set.push_back({.sub_string = "*", .topic = "%RETRY%" + group});
    consumer.subscription_data_set.push_back({.sub_string = "*", .topic = std::move(topic)});
    data.consumer_data_set.push_back(std::move(consumer));
  }
  return wire::encode_body(data);
}

template <class Body>
std::string lock_of(std::string group, std::string topic) {
  return wire::encode_body(
      Body{"c", group, {{"broker-a", 0, std::move(topic)}, {"broker-a", 0, "%RETRY%" + group}}, false});
}

std::string acks_of(std::string group, std::string topic) {
  wire::BatchAckMessageRequestBody body;
  body.acks.push_back({.consumer_group = "g", .retry = "0", .topic = "orders"});
  body.acks.push_back({.consumer_group = std::move(group), .retry = "0", .topic = std::move(topic)});
  return wire::encode_body(body);
}

std::string assignment_of(std::string group, std::string topic) {
  return wire::encode_body(
      wire::QueryAssignmentRequestBody{"c", std::move(group), "CLUSTERING", "AVG", std::move(topic)});
}

// A user of topics orders* and groups g and team-*. What the Apache broker demands of each code is in
// DefaultAuthorizationContextBuilder and in the annotations of the request headers.
TEST(AccessControlTest, GivenTheTableThenEachRequestNeedsTheRightsOfWhatItNames) {
  using L = wire::LockBatchRequestBody;
  using U = wire::UnlockBatchRequestBody;
  const std::vector<Asked> table = {
      {request::kSendMessage, {{"topic", "orders-1"}}, allowed},
      {request::kSendMessage, {{"topic", "other"}}, refused},
      {request::kSendMessage, {}, refused},
      {request::kSendMessageV2, {{"b", "orders-1"}}, allowed},
      {request::kSendMessageV2, {{"b", "other"}}, refused},
      {request::kSendMessageV2, {{"b", "other"}, {"topic", "orders-1"}}, refused},
      {request::kSendBatchMessage, {{"b", "other"}}, refused},
      {request::kSendMessage, {{"topic", "%RETRY%g"}}, allowed},
      {request::kSendMessage, {{"topic", "%RETRY%h"}}, refused},

      {request::kEndTransaction, {{"topic", "orders"}}, allowed},
      {request::kEndTransaction, {{"topic", "other"}}, refused},
      {request::kEndTransaction, {}, allowed},  // older clients do not name it
      {request::kConsumerSendMsgBack, {{"group", "g"}, {"originTopic", "orders"}}, allowed},
      {request::kConsumerSendMsgBack, {{"group", "h"}, {"originTopic", "orders"}}, refused},
      {request::kConsumerSendMsgBack, {{"group", "g"}, {"originTopic", "other"}}, refused},

      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "orders"}}, allowed},
      {request::kPullMessage, {{"consumerGroup", "team-1"}, {"topic", "orders"}}, allowed},
      {request::kPullMessage, {{"consumerGroup", "h"}, {"topic", "orders"}}, refused},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "other"}}, refused},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "%RETRY%g"}}, allowed},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "%RETRY%h"}}, refused},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "%RETRY%g_orders"}}, allowed},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "%RETRY%g+orders"}}, allowed},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "%RETRY%g_other"}}, refused},
      {request::kPullMessage, {{"consumerGroup", "g"}, {"topic", "%DLQ%h"}}, refused},
      {request::kPopMessage, {{"consumerGroup", "g"}, {"topic", "other"}}, refused},
      {request::kAckMessage, {{"consumerGroup", "h"}, {"topic", "orders"}}, refused},
      {request::kBatchAckMessage, {}, allowed, acks_of("g", "orders")},
      {request::kBatchAckMessage, {}, refused, acks_of("h", "orders")},
      {request::kBatchAckMessage, {}, refused, acks_of("g", "other")},
      {request::kQueryAssignment, {}, allowed, assignment_of("g", "orders")},
      {request::kQueryAssignment, {}, refused, assignment_of("g", "other")},

      {request::kHeartBeat, {}, allowed, heartbeat_of("g", "orders")},
      {request::kHeartBeat, {}, allowed, heartbeat_of("", "")},
      {request::kHeartBeat, {}, refused, heartbeat_of("h", "orders")},
      {request::kHeartBeat, {}, refused, heartbeat_of("g", "other")},
      {request::kHeartBeat, {}, refused, "no heartbeat"},
      {request::kUnregisterClient, {{"consumerGroup", "g"}}, allowed},
      {request::kUnregisterClient, {{"consumerGroup", "h"}}, refused},
      {request::kUnregisterClient, {{"producerGroup", "p"}}, allowed},
      {request::kGetConsumerListByGroup, {{"consumerGroup", "h"}}, refused},
      {request::kLockBatchMq, {}, allowed, lock_of<L>("g", "orders")},
      {request::kLockBatchMq, {}, refused, lock_of<L>("h", "orders")},
      {request::kLockBatchMq, {}, refused, lock_of<L>("g", "other")},
      {request::kUnlockBatchMq, {}, allowed, lock_of<U>("g", "orders")},
      {request::kUnlockBatchMq, {}, refused, lock_of<U>("h", "orders")},

      {request::kViewMessageById, {{"topic", "orders"}, {"offset", "0"}}, allowed},
      {request::kViewMessageById, {{"topic", "other"}, {"offset", "0"}}, refused},
      {request::kViewMessageById, {{"offset", "0"}}, refused},
      {request::kQueryMessage, {{"topic", "other"}}, refused},
      {request::kGetMaxOffset, {{"topic", "orders"}}, allowed},
      {request::kGetMaxOffset, {{"topic", "other"}}, refused},
      {request::kSearchOffsetByTimestamp, {{"topic", "other"}}, refused},
      {request::kQueryConsumerOffset, {{"consumerGroup", "h"}, {"topic", "orders"}}, refused},
      {request::kUpdateConsumerOffset, {{"consumerGroup", "g"}, {"topic", "other"}}, refused},

      {request::kGetConsumeStats, {{"consumerGroup", "g"}}, allowed},
      {request::kGetConsumeStats, {{"consumerGroup", "g"}, {"topicList", "orders;other"}}, refused},
      {request::kGetTopicStatsInfo, {{"topic", "other"}}, refused},
      {request::kQueryConsumeTimeSpan, {{"group", "g"}, {"topic", "orders"}}, allowed},
      {request::kQueryConsumeTimeSpan, {{"group", "h"}, {"consumerGroup", "g"}, {"topic", "orders"}}, refused},
      {request::kGetConsumerRunningInfo, {{"consumerGroup", "h"}}, refused},
      {request::kGetTopicConfig, {{"topic", "other"}}, refused},
      {request::kGetSubscriptiongroupConfig, {{"group", "h"}}, refused},

      {request::kGetRouteinfoByTopic, {{"topic", "other"}}, allowed},  // Apache name servers check nothing
      {request::kGetProducerConnectionList, {{"producerGroup", "p"}}, refused},
      {request::kInvokeBrokerToResetOffset, {{"group", "g"}, {"topic", "orders"}}, refused},
      {request::kUpdateAndCreateTopic, {{"topic", "orders-2"}}, refused},
      {request::kDeleteTopicInBroker, {{"topic", "orders"}}, refused},
      {31'999, {}, refused},
  };
  const Config config{
      .users = {{"root", "secret-root", true, {}, {}}, {"app", "secret-app", false, {"orders*"}, {"g", "team-*"}}}};
  const AccessControl control(config);
  for (const Asked& asked : table) {
    auto command = wire::make_request(asked.code);
    std::string shown = std::to_string(asked.code);
    for (const auto& [name, value] : asked.fields) {
      command.fields.add(name, value);
      shown += " " + name + "=" + value;
    }
    command.body = asked.body;
    wire::Command of_root = command;
    wire::sign(command, {"app", "secret-app", {}});
    wire::sign(of_root, {"root", "secret-root", {}});
    EXPECT_EQ(control.check(command) ? allowed : refused, asked.verdict) << shown << " " << asked.body;
    EXPECT_TRUE(control.check(of_root)) << shown;
  }
}

// A request whose names nobody reads would be refused to everybody (named), or open to everybody (named_if_any).
TEST(AccessControlTest, GivenARequestWithNamesInItsBodyThenItsRouteReadsThemThere) {
  std::set<std::int32_t> in_body;
  for (const Route& route : broker_routes()) {
    if (route.names != names_in_fields && route.names != names_of_send) in_body.insert(route.code);
  }
  EXPECT_EQ(in_body, (std::set<std::int32_t>{request::kHeartBeat, request::kLockBatchMq, request::kUnlockBatchMq,
                                             request::kBatchAckMessage, request::kQueryAssignment}));
}

TEST(AccessControlTest, GivenACodeThatHasNoRouteThenItIsForAdministrators) {
  const AccessControl control({.users = {{"app", "secret-app", false, {"orders"}, {"g"}}}});
  auto future = wire::make_request(987'654);
  future.fields.add("topic", "orders");
  wire::sign(future, {"app", "secret-app", {}});
  auto checked = control.check(future);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::permission_denied);
}

TEST(AccessControlTest, GivenTheOffsetOfAnotherTopicsMessageThenItIsNeitherShownNorSentBack) {
  BrokerFixture f({.users = {{"root", "secret-root", true, {}, {}}, {"app", "secret-app", false, {"orders"}, {"g"}}}});
  auto root = f.new_client([](wire::Command& command) { wire::sign(command, {"root", "secret-root", {}}); });
  auto app = f.new_client([](wire::Command& command) { wire::sign(command, {"app", "secret-app", {}}); });
  auto physical_offset = [&](std::string topic) {
    auto send = wire::make_request(request::kSendMessage, f.send_header(topic, 0));
    send.body = "x";
    EXPECT_EQ(f.call(std::move(send), root.get()).code, code::kSuccess);
    return f.received(f.call(wire::make_request(request::kPullMessage, f.pull_header("r", topic, 0, 0)), root.get()))
        .at(0)
        .physical_offset;
  };
  auto view = [&](std::int64_t offset) {
    return f
        .call(wire::make_request(request::kViewMessageById, wire::ViewMessageRequestHeader{"orders", offset}),
              app.get())
        .code;
  };
  auto send_back = [&](std::int64_t offset) {
    wire::ConsumerSendMsgBackRequestHeader header;
    header.offset = offset;
    header.group = "g";
    header.origin_topic = "orders";
    return f.call(wire::make_request(request::kConsumerSendMsgBack, header), app.get()).code;
  };
  const std::int64_t mine = physical_offset("orders");
  const std::int64_t secret = physical_offset("secret");
  EXPECT_EQ(view(mine), code::kSuccess);
  EXPECT_EQ(view(secret), code::kNoPermission);
  EXPECT_EQ(send_back(mine), code::kSuccess);
  EXPECT_EQ(send_back(secret), code::kNoPermission);
}

}  // namespace
}  // namespace gantry::broker
