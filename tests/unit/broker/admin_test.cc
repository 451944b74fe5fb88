#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker_fixture.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/queue_lock.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic.h"

namespace gantry::broker {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <class Body>
Body body_of(const wire::Command& answer) {
  EXPECT_EQ(answer.code, code::kSuccess) << answer.remark;
  auto body = wire::decode_body<Body>(answer.body);
  if (!body) throw std::runtime_error(body.error().message + ": " + answer.body);
  return std::move(*body);
}

std::map<std::string, std::string> topic_fields(std::string name, int queues, int perm = 6) {
  return {{"topic", std::move(name)},
          {"defaultTopic", "TBW102"},
          {"readQueueNums", std::to_string(queues)},
          {"writeQueueNums", std::to_string(queues)},
          {"perm", std::to_string(perm)},
          {"topicFilterType", "SINGLE_TAG"},
          {"order", "false"}};
}

TEST(Namesrv, GivenATopicThenItsRouteLeadsToTheBroker) {
  BrokerFixture f;
  ASSERT_EQ(f.call(request::kUpdateAndCreateTopic, topic_fields("t", 6)).code, code::kSuccess);
  const auto route = body_of<wire::TopicRouteData>(f.call(request::kGetRouteinfoByTopic, {{"topic", "t"}}));
  ASSERT_EQ(route.queue_datas.size(), 1u);
  EXPECT_EQ(route.queue_datas[0].write_queue_nums, 6);
  EXPECT_EQ(route.broker_datas.at(0).broker_addrs.at(0), f.broker->address());
  EXPECT_EQ(f.call(request::kGetRouteinfoByTopic, {{"topic", "none"}}).code, code::kTopicNotExist);
  const auto cluster =
      body_of<wire::ClusterInfo>(f.call(request::kGetBrokerClusterInfo, std::map<std::string, std::string>()));
  EXPECT_THAT(cluster.cluster_addr_table.at("DefaultCluster"), ElementsAre("broker-a"));
}

TEST(Namesrv, GivenItsOwnPortThenItAnswersNameServerRequestsOnly) {
  BrokerFixture f;
  auto ask = [&](std::int32_t request_code) {
    std::optional<Result<wire::Command>> answer;
    f.client->call(f.broker->namesrv_address(), wire::make_request(request_code), std::chrono::seconds(5),
                   [&](auto result) { answer = result; });
    f.run_until([&] { return answer.has_value(); });
    return (**answer).code;
  };
  EXPECT_EQ(ask(request::kGetBrokerClusterInfo), code::kSuccess);
  EXPECT_EQ(ask(request::kGetBrokerRuntimeInfo), code::kRequestCodeNotSupported);
}

TEST(Namesrv, GivenKeyValuesThenTheyAreKeptAndListed) {
  BrokerFixture f;
  const std::map<std::string, std::string> key = {
      {"namespace", "ORDER_TOPIC_CONFIG"}, {"key", "t"}, {"value", "broker-a:4"}};
  EXPECT_EQ(f.call(request::kGetKvConfig, key).code, code::kQueryNotFound);
  EXPECT_EQ(f.call(request::kPutKvConfig, key).code, code::kSuccess);
  f.restart();
  EXPECT_EQ(f.call(request::kGetKvConfig, key).fields.get("value"), "broker-a:4");
  EXPECT_EQ(body_of<wire::KVTable>(f.call(request::kGetKvlistByNamespace, key)).entries.at("t"), "broker-a:4");
  f.call(request::kUpdateAndCreateTopic, topic_fields("t", 4));
  EXPECT_EQ(body_of<wire::TopicRouteData>(f.call(request::kGetRouteinfoByTopic, {{"topic", "t"}})).order_topic_conf,
            "broker-a:4");
  EXPECT_EQ(f.call(request::kDeleteKvConfig, key).code, code::kSuccess);
  EXPECT_EQ(f.call(request::kGetKvConfig, key).code, code::kQueryNotFound);
  EXPECT_EQ(f.call(request::kGetKvlistByNamespace, {{"namespace", "none"}}).code, code::kQueryNotFound);
  EXPECT_EQ(f.call(request::kPutKvConfig, {{"namespace", ""}, {"key", ""}, {"value", ""}}).code, code::kSystemError);
}

TEST(TopicAdmin, GivenTopicsThenTheyAreListedChangedAndDeleted) {
  BrokerFixture f;
  auto fields = topic_fields("t", 4);
  fields["attributes"] = "+message.type=FIFO";
  EXPECT_EQ(f.call(request::kUpdateAndCreateTopic, fields).code, code::kSuccess);
  auto config = body_of<wire::TopicConfig>(f.call(request::kGetTopicConfig, {{"topic", "t"}}));
  EXPECT_EQ(config.write_queue_nums, 4);
  EXPECT_EQ(config.attributes.at("message.type"), "FIFO");
  fields = topic_fields("t", 8, 4);
  fields["attributes"] = "-message.type";
  EXPECT_EQ(f.call(request::kUpdateAndCreateTopic, fields).code, code::kSuccess);
  config = body_of<wire::TopicConfig>(f.call(request::kGetTopicConfig, {{"topic", "t"}}));
  EXPECT_EQ(config.write_queue_nums, 8);
  EXPECT_THAT(config.attributes, IsEmpty());
  EXPECT_EQ(f.try_send("t", 0, "x").code, code::kNoPermission);  // read only
  wire::CreateTopicListRequestBody list;
  list.topic_config_list.push_back({.topic_name = "u"});
  EXPECT_EQ(
      f.call(request::kUpdateAndCreateTopicList, std::map<std::string, std::string>(), wire::encode_body(list)).code,
      code::kSuccess);
  list.topic_config_list[0].topic_name = "no good";
  EXPECT_EQ(
      f.call(request::kUpdateAndCreateTopicList, std::map<std::string, std::string>(), wire::encode_body(list)).code,
      code::kInvalidParameter);

  const std::map<std::string, std::string> none;
  EXPECT_THAT(body_of<wire::TopicList>(f.call(request::kGetAllTopicListFromNameserver, none)).topic_list,
              Contains("u"));
  EXPECT_THAT(
      body_of<wire::TopicList>(f.call(request::kGetTopicsByCluster, {{"cluster", "DefaultCluster"}})).topic_list,
      Contains("t"));
  EXPECT_THAT(body_of<wire::TopicList>(f.call(request::kGetTopicsByCluster, {{"cluster", "other"}})).topic_list,
              IsEmpty());
  EXPECT_THAT(body_of<wire::TopicList>(f.call(request::kGetSystemTopicListFromNs, none)).topic_list,
              Not(Contains("t")));
  EXPECT_TRUE(body_of<wire::TopicConfigSerializeWrapper>(f.call(request::kGetAllTopicConfig, none))
                  .topic_config_table.contains("u"));

  EXPECT_EQ(f.call(request::kDeleteTopicInBroker, {{"topic", "t"}}).code, code::kSuccess);
  EXPECT_EQ(f.call(request::kDeleteTopicInNamesrv, {{"topic", "t"}}).code, code::kSuccess);
  EXPECT_EQ(f.call(request::kDeleteTopicInBroker, {{"topic", "t"}}).code, code::kSuccess);
  EXPECT_EQ(f.call(request::kGetTopicConfig, {{"topic", "t"}}).code, code::kTopicNotExist);
  EXPECT_EQ(f.call(request::kDeleteTopicInBroker, {{"topic", "TBW102"}}).code, code::kInvalidParameter);
}

TEST(TopicAdmin, GivenBadTopicsThenTheyAreRefused) {
  BrokerFixture f({.topics_max = 13, .queues_per_topic_max = 18});
  EXPECT_EQ(f.call(request::kUpdateAndCreateTopic, topic_fields("bad name", 4)).code, code::kInvalidParameter);
  EXPECT_EQ(f.call(request::kUpdateAndCreateTopic, topic_fields("SCHEDULE_TOPIC_XXXX", 4)).code,
            code::kInvalidParameter);
  EXPECT_EQ(f.call(request::kUpdateAndCreateTopic, topic_fields("many", 19)).code, code::kInvalidParameter);
  EXPECT_EQ(f.call(request::kUpdateAndCreateTopic, topic_fields("negative", -1)).code, code::kInvalidParameter);
  int made = 0;
  while (made < 20 &&
         f.call(request::kUpdateAndCreateTopic, topic_fields("t" + std::to_string(made), 1)).code == code::kSuccess)
    ++made;
  EXPECT_LE(made, 13);
  EXPECT_GE(made, 1);
}

TEST(GroupAdmin, GivenGroupsThenTheyAreMadeListedAndDeleted) {
  BrokerFixture f;
  wire::SubscriptionGroupConfig group;
  group.group_name = "g";
  group.retry_max_times = 3;
  const std::map<std::string, std::string> none;
  EXPECT_EQ(f.call(request::kUpdateAndCreateSubscriptiongroup, none, wire::encode_body(group)).code, code::kSuccess);
  f.restart();
  EXPECT_EQ(body_of<wire::SubscriptionGroupConfig>(f.call(request::kGetSubscriptiongroupConfig, {{"group", "g"}}))
                .retry_max_times,
            3);
  wire::SubscriptionGroupList list;
  list.group_config_list.push_back({.group_name = "h"});
  EXPECT_EQ(f.call(request::kUpdateAndCreateSubscriptiongroupList, none, wire::encode_body(list)).code, code::kSuccess);
  EXPECT_EQ(body_of<wire::SubscriptionGroupWrapper>(f.call(request::kGetAllSubscriptiongroupConfig, none))
                .subscription_group_table.size(),
            2u);
  EXPECT_EQ(f.call(request::kDeleteSubscriptiongroup, {{"groupName", "g"}, {"cleanOffset", "true"}}).code,
            code::kSuccess);
  EXPECT_EQ(f.call(request::kGetSubscriptiongroupConfig, {{"group", "g"}}).code, code::kSubscriptionGroupNotExist);
  group.group_name = "not valid!";
  EXPECT_EQ(f.call(request::kUpdateAndCreateSubscriptiongroup, none, wire::encode_body(group)).code,
            code::kInvalidParameter);
  group.group_name = "closed";
  group.consume_enable = false;
  f.call(request::kUpdateAndCreateSubscriptiongroup, none, wire::encode_body(group));
  f.send("t", 0, "x");
  EXPECT_EQ(f.pull("closed", "t", 0, 0).code, code::kNoPermission);
}

TEST(OffsetAdmin, GivenOffsetsThenTheyAreAnsweredAndCloned) {
  BrokerFixture f;
  for (int i = 0; i < 5; ++i) f.send("t", 0, "x");
  const std::map<std::string, std::string> queue = {
      {"consumerGroup", "g"}, {"topic", "t"}, {"queueId", "0"}, {"timestamp", "0"}};
  auto with = [&](std::string name, std::string value) {
    auto fields = queue;
    fields[name] = value;
    return fields;
  };
  EXPECT_EQ(f.call(request::kGetMaxOffset, queue).fields.get("offset"), "5");
  EXPECT_EQ(f.call(request::kGetMinOffset, queue).fields.get("offset"), "0");
  EXPECT_EQ(f.call(request::kGetMaxOffset, with("queueId", "77")).code, code::kInvalidParameter);
  EXPECT_NE(f.call(request::kGetEarliestMsgStoretime, queue).fields.get("timestamp"), "-1");
  EXPECT_EQ(f.call(request::kGetEarliestMsgStoretime, with("queueId", "1")).fields.get("timestamp"), "-1");
  EXPECT_EQ(f.call(request::kSearchOffsetByTimestamp, queue).fields.get("offset"), "0");
  EXPECT_EQ(f.call(request::kSearchOffsetByTimestamp, with("timestamp", "99999999999999")).fields.get("offset"), "5");

  EXPECT_EQ(f.call(request::kQueryConsumerOffset, queue).fields.get("offset"), "0");
  EXPECT_EQ(f.call(request::kQueryConsumerOffset, with("setZeroIfNotFound", "false")).code, code::kQueryNotFound);
  EXPECT_EQ(f.call(request::kQueryConsumerOffset, with("queueId", "1")).code, code::kQueryNotFound);
  EXPECT_EQ(f.call(request::kUpdateConsumerOffset, with("commitOffset", "3")).code, code::kSuccess);
  EXPECT_EQ(f.call(request::kQueryConsumerOffset, queue).fields.get("offset"), "3");
  EXPECT_EQ(f.call(request::kUpdateConsumerOffset, with("commitOffset", "-1")).code, code::kSystemError);
  auto elsewhere = with("commitOffset", "1");
  elsewhere["queueId"] = "4";
  EXPECT_EQ(f.call(request::kUpdateConsumerOffset, elsewhere).code, code::kInvalidParameter);
  elsewhere["queueId"] = "0";
  elsewhere["topic"] = "none";
  EXPECT_EQ(f.call(request::kUpdateConsumerOffset, elsewhere).code, code::kTopicNotExist);
  EXPECT_EQ(
      f.call(request::kCloneGroupOffset, {{"srcGroup", "g"}, {"destGroup", "h"}, {"topic", "t"}, {"offline", "false"}})
          .code,
      code::kSuccess);
  EXPECT_EQ(f.call(request::kQueryConsumerOffset, with("consumerGroup", "h")).fields.get("offset"), "3");
  EXPECT_THAT(f.call(request::kGetAllConsumerOffset, queue).body, HasSubstr(R"("t@g":{"0":3})"));
  EXPECT_THAT(body_of<wire::TopicList>(f.call(request::kQueryTopicsByConsumer, {{"group", "g"}})).topic_list,
              ElementsAre("t"));
  EXPECT_THAT(body_of<wire::GroupList>(f.call(request::kQueryTopicConsumeByWho, {{"topic", "t"}})).group_list,
              ElementsAre("g", "h"));
}

TEST(OffsetAdmin, GivenAResetThenOffsetsMoveAndConsumersAreTold) {
  BrokerFixture f;
  for (int i = 0; i < 5; ++i) f.send("t", 0, "x");
  f.heartbeat("c1", "g", "t");
  std::optional<wire::Command> told;
  f.client->handle(request::kResetConsumerClientOffset,
                   [&](remoting::Request request) { told = std::move(request.command); });
  f.call(request::kUpdateConsumerOffset,
         {{"consumerGroup", "g"}, {"topic", "t"}, {"queueId", "0"}, {"commitOffset", "4"}});
  std::map<std::string, std::string> reset = {{"topic", "t"}, {"group", "g"}, {"timestamp", "0"}, {"isForce", "true"}};
  const auto body = body_of<wire::ResetOffsetBody>(f.call(request::kInvokeBrokerToResetOffset, reset));
  EXPECT_EQ(body.offset_table.at({"broker-a", 0, "t"}), 0);
  ASSERT_TRUE(f.run_until([&] { return told.has_value(); }));
  EXPECT_EQ(wire::decode_body<wire::ResetOffsetBody>(told->body)->offset_table.size(), 4u);
  auto committed = [&] {
    return std::string(f.call(request::kQueryConsumerOffset, {{"consumerGroup", "g"}, {"topic", "t"}, {"queueId", "0"}})
                           .fields.get("offset"));
  };
  EXPECT_EQ(committed(), "0");
  reset["timestamp"] = "-1";
  f.call(request::kInvokeBrokerToResetOffset, reset);
  EXPECT_EQ(committed(), "5");
  reset["offset"] = "2";
  reset["queueId"] = "0";
  f.call(request::kInvokeBrokerToResetOffset, reset);
  EXPECT_EQ(committed(), "2");
  reset["queueId"] = "9";
  EXPECT_EQ(f.call(request::kInvokeBrokerToResetOffset, reset).code, code::kInvalidParameter);
  reset["group"] = "none";
  EXPECT_EQ(f.call(request::kInvokeBrokerToResetOffset, reset).code, code::kSubscriptionGroupNotExist);
  reset["topic"] = "none";
  EXPECT_EQ(f.call(request::kInvokeBrokerToResetOffset, reset).code, code::kTopicNotExist);
}

TEST(Stats, GivenMessagesAndOffsetsThenLagAndTimesAreTold) {
  BrokerFixture f;
  for (int i = 0; i < 5; ++i) f.send("t", 0, "x");
  f.call(request::kUpdateConsumerOffset,
         {{"consumerGroup", "g"}, {"topic", "t"}, {"queueId", "0"}, {"commitOffset", "2"}});
  const wire::MessageQueue queue{"broker-a", 0, "t"}, unwritten{"broker-a", 1, "t"};
  const auto topic = body_of<wire::TopicStatsTable>(f.call(request::kGetTopicStatsInfo, {{"topic", "t"}}));
  EXPECT_EQ(topic.offset_table.at(queue).max_offset, 5);
  EXPECT_GT(topic.offset_table.at(queue).last_update_timestamp_ms, 0);
  EXPECT_EQ(topic.offset_table.at(unwritten).last_update_timestamp_ms, 0);
  EXPECT_EQ(f.call(request::kGetTopicStatsInfo, {{"topic", "none"}}).code, code::kTopicNotExist);
  for (const auto& fields : {std::map<std::string, std::string>{{"consumerGroup", "g"}},
                             {{"consumerGroup", "g"}, {"topic", "t"}},
                             {{"consumerGroup", "g"}, {"topicList", "t;none"}}}) {
    const auto stats = body_of<wire::ConsumeStats>(f.call(request::kGetConsumeStats, fields));
    EXPECT_EQ(stats.offset_table.at(queue).broker_offset, 5);
    EXPECT_EQ(stats.offset_table.at(queue).consumer_offset, 2);
    EXPECT_GT(stats.offset_table.at(queue).last_timestamp_ms, 0);
  }
  const auto spans =
      body_of<wire::QueryConsumeTimeSpanBody>(f.call(request::kQueryConsumeTimeSpan, {{"topic", "t"}, {"group", "g"}}));
  ASSERT_EQ(spans.consume_time_span_set.size(), 4u);
  EXPECT_GT(spans.consume_time_span_set[0].min_timestamp_ms, 0);
  EXPECT_LT(spans.consume_time_span_set[0].delay_time_ms, 60'000);
  EXPECT_EQ(f.call(request::kQueryConsumeTimeSpan, {{"topic", "none"}, {"group", "g"}}).code, code::kTopicNotExist);
  const auto info =
      body_of<wire::KVTable>(f.call(request::kGetBrokerRuntimeInfo, std::map<std::string, std::string>()));
  EXPECT_EQ(info.entries.at("putMessageTimesTotal"), "5");
  EXPECT_THAT(info.entries.at("putTps"), testing::MatchesRegex("[0-9.]+ [0-9.]+ [0-9.]+"));
  EXPECT_THAT(f.call(request::kGetBrokerConfig, std::map<std::string, std::string>()).body,
              HasSubstr("flushDiskType=ASYNC_FLUSH"));
}

TEST(ClientAdmin, GivenHeartbeatsThenMembersAreListedAndToldOfChanges) {
  BrokerFixture f;
  f.send("t", 0, "x");
  EXPECT_EQ(f.call(request::kGetConsumerConnectionList, {{"consumerGroup", "g"}}).code, code::kConsumerNotOnline);
  EXPECT_EQ(f.call(request::kGetConsumerListByGroup, {{"consumerGroup", "g"}}).code, code::kSystemError);
  int told = 0;
  f.client->handle(request::kNotifyConsumerIdsChanged, [&](remoting::Request) { ++told; });
  f.heartbeat("c1", "g", "t", nullptr, "producers");
  auto second = f.new_client();
  f.heartbeat("c2", "g", "t", second.get());
  ASSERT_TRUE(f.run_until([&] { return told >= 1; }));
  EXPECT_THAT(body_of<wire::GetConsumerListByGroupResponseBody>(
                  f.call(request::kGetConsumerListByGroup, {{"consumerGroup", "g"}}))
                  .consumer_id_list,
              ElementsAre("c1", "c2"));
  const auto connections =
      body_of<wire::ConsumerConnection>(f.call(request::kGetConsumerConnectionList, {{"consumerGroup", "g"}}));
  EXPECT_EQ(connections.connection_set.size(), 2u);
  EXPECT_TRUE(connections.subscription_table.contains("t"));
  EXPECT_EQ(
      body_of<wire::ProducerConnection>(f.call(request::kGetProducerConnectionList, {{"producerGroup", "producers"}}))
          .connection_set.size(),
      1u);
  EXPECT_EQ(f.call(request::kGetProducerConnectionList, {{"producerGroup", "none"}}).code, code::kSystemError);
  EXPECT_THAT(f.call(request::kQuerySubscriptionByConsumer, {{"group", "g"}, {"topic", "t"}}).body,
              HasSubstr("subscriptionData"));
  told = 0;
  second.reset();  // the connection closes
  ASSERT_TRUE(f.run_until([&] { return told >= 1; }));
  EXPECT_EQ(
      f.call(request::kUnregisterClient, {{"clientID", "c1"}, {"consumerGroup", "g"}, {"producerGroup", "producers"}})
          .code,
      code::kSuccess);
  EXPECT_EQ(f.call(request::kGetConsumerListByGroup, {{"consumerGroup", "g"}}).code, code::kSystemError);
  EXPECT_EQ(f.call(request::kHeartBeat, std::map<std::string, std::string>(), "{").code, code::kMessageIllegal);
}

TEST(ClientAdmin, GivenLocksThenOneClientHoldsAQueue) {
  BrokerFixture f;
  auto lock = [&](std::int32_t request_code, const std::string& client) {
    wire::LockBatchRequestBody body{client, "g", {{"broker-a", 0, "t"}}};
    return f.call(request_code, std::map<std::string, std::string>(), wire::encode_body(body));
  };
  EXPECT_EQ(body_of<wire::LockBatchResponseBody>(lock(request::kLockBatchMq, "c1")).lock_ok_mq_set.size(), 1u);
  EXPECT_EQ(body_of<wire::LockBatchResponseBody>(lock(request::kLockBatchMq, "c2")).lock_ok_mq_set.size(), 0u);
  EXPECT_EQ(lock(request::kUnlockBatchMq, "c1").code, code::kSuccess);
  EXPECT_EQ(body_of<wire::LockBatchResponseBody>(lock(request::kLockBatchMq, "c2")).lock_ok_mq_set.size(), 1u);
}

TEST(ClientAdmin, GivenARequestForAConsumerThenItIsPassedOnAndItsAnswerBack) {
  BrokerFixture f;
  const auto sent = f.try_send("t", 0, "direct");
  auto consumer = f.new_client();
  std::string seen;
  auto answer_it = [&](remoting::Request request) {
    seen = request.command.body;
    auto response = request.reply.response(code::kSuccess);
    response.body = "{}";
    request.reply.send(std::move(response));
  };
  consumer->handle(request::kGetConsumerRunningInfo, answer_it);
  consumer->handle(request::kConsumeMessageDirectly, answer_it);
  f.heartbeat("c1", "g", "t", consumer.get());
  EXPECT_EQ(f.call(request::kGetConsumerRunningInfo, {{"consumerGroup", "g"}, {"clientId", "c1"}}).body, "{}");
  EXPECT_EQ(f.call(request::kGetConsumerRunningInfo, {{"consumerGroup", "g"}, {"clientId", "c9"}}).code,
            code::kSystemError);
  f.call(request::kConsumeMessageDirectly,
         {{"consumerGroup", "g"}, {"clientId", "c1"}, {"msgId", std::string(sent.fields.get("msgId"))}});
  EXPECT_THAT(seen, HasSubstr("direct"));
}

TEST(ClientAdmin, GivenAFilterExpressionThenOnlyTagsAreTaken) {
  BrokerFixture f;
  wire::CheckClientRequestBody body{"c", "g", {}, {.expression_type = "TAG", .sub_string = "*", .topic = "t"}};
  EXPECT_EQ(f.call(request::kCheckClientConfig, std::map<std::string, std::string>(), wire::encode_body(body)).code,
            code::kSuccess);
  body.subscription_data.expression_type = "SQL92";
  EXPECT_EQ(f.call(request::kCheckClientConfig, std::map<std::string, std::string>(), wire::encode_body(body)).code,
            code::kSystemError);
}

}  // namespace
}  // namespace gantry::broker
