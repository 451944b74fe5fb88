// What mqadmin asks for besides topics and groups: producers, positions of all groups, the index of a queue, draining;
// and what a single node answers to the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker_fixture.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats.h"
#include "wire/bodies/topic.h"
#include "wire/headers/admin.h"
#include "wire/headers/offset.h"

namespace gantry::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using NoFields = std::map<std::string, std::string>;

template <class Body>
Body answered(const wire::Command& answer) {
  EXPECT_EQ(answer.code, code::kSuccess) << answer.remark;
  auto body = wire::decode_body<Body>(answer.body);
  EXPECT_TRUE(body) << (body ? "" : body.error().message);
  return body ? std::move(*body) : Body{};
}

void commit(BrokerFixture& f, std::string group, std::string topic, std::int64_t offset) {
  wire::UpdateConsumerOffsetRequestHeader header;
  header.consumer_group = std::move(group);
  header.topic = std::move(topic);
  header.queue_id = 0;
  header.commit_offset = offset;
  ASSERT_EQ(f.call(request::kUpdateConsumerOffset, header).code, code::kSuccess);
}

TEST(Operator, GivenProducersThenAllAreListedByGroup) {
  BrokerFixture f;
  f.heartbeat("c1", "", "", nullptr, "p1");
  auto other = f.new_client();
  f.heartbeat("c2", "", "", other.get(), "p2");
  const auto table = answered<wire::ProducerTableInfo>(f.call(request::kGetAllProducerInfo, NoFields()));
  ASSERT_EQ(table.data.size(), 2u);
  ASSERT_EQ(table.data.at("p1").size(), 1u);
  const wire::ProducerInfo& first = table.data.at("p1")[0];
  EXPECT_EQ(first.client_id, "c1");
  EXPECT_THAT(first.remote_ip, HasSubstr("127.0.0.1:"));
  EXPECT_GT(first.last_update_timestamp_ms, 0);
  EXPECT_EQ(table.data.at("p2").at(0).client_id, "c2");
}

TEST(Operator, GivenGroupsThatAreBehindThenTheStatsOfTheBrokerAddThemUp) {
  BrokerFixture f;
  for (int i = 0; i < 5; ++i) f.send("t", 0, "x");
  f.send("u", 0, "x");
  commit(f, "g", "t", 2);
  commit(f, "h", "t", 5);
  commit(f, "h", "u", 0);
  f.pull("g", "t", 0, 2);
  const auto list = answered<wire::ConsumeStatsList>(f.call(request::kGetBrokerConsumeStats, {{"isOrder", "false"}}));
  EXPECT_EQ(list.broker_addr, f.broker->address());
  EXPECT_EQ(list.total_diff, 3 + 0 + 1);
  EXPECT_EQ(list.total_inflight_diff, 3) << "pulled and not committed";
  std::map<std::string, std::size_t> topics_of_group;
  for (const auto& of_group : list.consume_stats_list) {
    for (const auto& [group, stats] : of_group) topics_of_group[group] = stats.size();
  }
  EXPECT_EQ(topics_of_group.at("g"), 1u);
  EXPECT_EQ(topics_of_group.at("h"), 2u);
  EXPECT_EQ(answered<wire::ConsumeStatsList>(f.call(request::kGetBrokerConsumeStats, {{"isOrder", "true"}})).total_diff,
            0);
}

TEST(Operator, GivenAQueueThenItsIndexIsShownFromWhereItIsAsked) {
  BrokerFixture f;
  for (int i = 0; i < 4; ++i) f.send("t", 0, "x", {{"TAGS", "A"}});
  f.heartbeat("c", "g", "t");
  auto ask = [&](std::int64_t index, std::int32_t count, std::optional<std::string> group = {}) {
    wire::QueryConsumeQueueRequestHeader header{"t", 0, index, count, std::move(group)};
    return answered<wire::QueryConsumeQueueResponseBody>(f.call(request::kQueryConsumeQueue, header));
  };
  const auto two = ask(1, 2);
  EXPECT_EQ(two.min_queue_index, 0);
  EXPECT_EQ(two.max_queue_index, 4);
  ASSERT_EQ(two.queue_data.size(), 2u);
  EXPECT_EQ(two.queue_data[0].tags_code, wire::java_string_hash("A"));
  EXPECT_GE(two.queue_data[1].physic_offset, two.queue_data[0].physic_offset + two.queue_data[0].physic_size);
  EXPECT_EQ(ask(-7, 100).queue_data.size(), 4u) << "from the oldest that is there";
  EXPECT_EQ(ask(4, 10).queue_data.size(), 0u);
  EXPECT_EQ(ask(0, -1).queue_data.size(), 0u);
  EXPECT_EQ(ask(0, 1, "g").subscription_data->sub_string, "*");
  EXPECT_THAT(*ask(0, 1, "nobody").filter_data, HasSubstr("not online"));
  for (const auto& [topic, queue] : {std::pair{"none", 0}, {"t", 99}, {"t", -1}}) {
    wire::QueryConsumeQueueRequestHeader header{topic, queue, 0, 1, {}};
    EXPECT_EQ(f.call(request::kQueryConsumeQueue, header).code, code::kSystemError) << topic << " " << queue;
  }
}

TEST(Operator, GivenConsumersThenTheirOwnOffsetsAreGathered) {
  BrokerFixture f;
  f.send("t", 0, "x");
  auto consumer = [&](std::int64_t offset) {
    auto client = f.new_client();
    client->handle(request::kGetConsumerStatusFromClient, [offset](remoting::Request request) {
      wire::GetConsumerStatusBody body;
      body.message_queue_table[{"broker-a", 0, "t"}] = offset;
      auto response = request.reply.response(code::kSuccess);
      response.body = wire::encode_body(body);
      request.reply.send(std::move(response));
    });
    return client;
  };
  auto one = consumer(3), two = consumer(5), silent = f.new_client();
  f.heartbeat("c1", "g", "t", one.get());
  f.heartbeat("c2", "g", "t", two.get());
  f.heartbeat("c3", "g", "t", silent.get());  // answers that it does not know the request
  auto ask = [&](std::map<std::string, std::string> fields) {
    return answered<wire::GetConsumerStatusBody>(f.call(request::kInvokeBrokerToGetConsumerStatus, fields))
        .consumer_table;
  };
  const auto all = ask({{"topic", "t"}, {"group", "g"}});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.at("c1").begin()->second, 3);
  EXPECT_EQ(all.at("c2").begin()->second, 5);
  EXPECT_EQ(ask({{"topic", "t"}, {"group", "g"}, {"clientAddr", "c2"}}).size(), 1u);
  EXPECT_EQ(ask({{"topic", "t"}, {"group", "g"}, {"clientAddr", "c9"}}).size(), 0u);
  EXPECT_EQ(f.call(request::kInvokeBrokerToGetConsumerStatus, {{"topic", "t"}, {"group", "nobody"}}).code,
            code::kSystemError);
}

TEST(Operator, GivenABrokerToDrainThenRoutesTellProducersToWriteElsewhere) {
  BrokerFixture f;
  f.send("t", 0, "x");
  auto permission = [&] {
    return answered<wire::TopicRouteData>(f.call(request::kGetRouteinfoByTopic, {{"topic", "t"}}))
        .queue_datas.at(0)
        .perm;
  };
  auto other = f.call(request::kWipeWritePermOfBroker, {{"brokerName", "broker-z"}});
  EXPECT_EQ(other.fields.get("wipeTopicCount"), "0");
  EXPECT_EQ(permission(), wire::perm::kRead | wire::perm::kWrite);
  auto wiped = f.call(request::kWipeWritePermOfBroker, {{"brokerName", "broker-a"}});
  EXPECT_NE(wiped.fields.get("wipeTopicCount"), "0");
  EXPECT_EQ(permission(), wire::perm::kRead);
  EXPECT_EQ(f.try_send("t", 0, "who knows the broker still may").code, code::kSuccess);
  auto added = f.call(request::kAddWritePermOfBroker, {{"brokerName", "broker-a"}});
  EXPECT_NE(added.fields.get("addTopicCount"), "0");
  EXPECT_EQ(permission(), wire::perm::kRead | wire::perm::kWrite);
}

TEST(Operator, GivenRequestsToCleanUpThenTheyAreDone) {
  BrokerFixture f;
  for (auto asked : {request::kCleanExpiredConsumequeue, request::kCleanUnusedTopic, request::kDeleteExpiredCommitlog})
    EXPECT_EQ(f.call(asked, NoFields()).code, code::kSuccess) << asked;
}

TEST(Operator, GivenWhatASingleNodeDoesNotDoThenItSaysSo) {
  BrokerFixture f;
  const std::vector<std::pair<std::int32_t, std::string>> table = {
      {request::kUpdateBrokerConfig, "options of its command"},
      {request::kUpdateNamesrvConfig, "options of its"},
      {request::kRegisterBroker, "of the same process"},
      {request::kGetBrokerHaStatus, "no replicas"},
      {request::kViewBrokerStatsData, "no statistics by name"},
      {request::kRecallMessage, "does not take back"},
      {request::kSendReplyMessageV2, "replies"},
      {1'005, "no controller"},
      {1'007, "no replicas"},
      {2'003, "reading of old messages"},
      {3'005, "--user"},
      {31'999, "development, CI and the edge"},
  };
  for (const auto& [asked, reason] : table) {
    const auto answer = f.call(asked, NoFields());
    EXPECT_EQ(answer.code, code::kRequestCodeNotSupported) << asked;
    EXPECT_THAT(answer.remark, HasSubstr("request code " + std::to_string(asked) + " is not supported"));
    EXPECT_THAT(answer.remark, HasSubstr("single node"));
    EXPECT_THAT(answer.remark, HasSubstr(reason));
  }
}

}  // namespace
}  // namespace gantry::broker
