#include <gtest/gtest.h>

#include "wire/bodies/assignment.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/controller.h"
#include "wire/bodies/heartbeat.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/message_queue.h"
#include "wire/bodies/queue_lock.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic.h"

namespace gantry::wire {
namespace {

// What the two functions of every body promise: reading what was written gives the same.
template <class Body>
class EveryBody : public testing::Test {};
using Bodies = testing::Types<MessageQueue, QueueData, BrokerData, TopicRouteData, ClusterInfo, DataVersion,
                              TopicConfig, TopicConfigSerializeWrapper, CreateTopicListRequestBody, TopicList,
                              GroupList, TopicOffset, TopicStatsTable, OffsetWrapper, ConsumeStats, QueueTimeSpan,
                              QueryConsumeTimeSpanBody, BrokerStatsItem, BrokerStatsData, SubscriptionData,
                              ProducerData, ConsumerData, HeartbeatData, CheckClientRequestBody, Connection,
                              ConsumerConnection, ProducerConnection, GetConsumerListByGroupResponseBody,
                              ProcessQueueInfo, PopProcessQueueInfo, ConsumeStatus, ConsumerRunningInfo>;
using MoreBodies =
    testing::Types<ConsumeMessageDirectlyResult, LockBatchRequestBody, LockBatchResponseBody, UnlockBatchRequestBody,
                   KVTable, ExponentialRetryPolicy, CustomizedRetryPolicy, GroupRetryPolicy, SimpleSubscriptionData,
                   SubscriptionGroupConfig, SubscriptionGroupWrapper, SubscriptionGroupList, ResetOffsetBody,
                   MessageQueueForC, ResetOffsetBodyForC, GetConsumerStatusBody, QueryAssignmentRequestBody,
                   MessageQueueAssignment, QueryAssignmentResponseBody, SetMessageRequestModeRequestBody, BatchAck,
                   BatchAckMessageRequestBody, ProducerInfo, ProducerTableInfo, ConsumeStatsList, ConsumeQueueData,
                   QueryConsumeQueueResponseBody, SyncStateSet, BrokerMemberGroup, ElectMasterResponseBody,
                   ReplicasInfo, BrokerReplicasInfo>;
template <class Body>
void expect_round_trip() {
  const Body body;
  auto read = decode_body<Body>(encode_body(body));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, body);
  EXPECT_EQ(decode_body<Body>("[]").error().message, "expected an object, got an array");
  EXPECT_EQ(decode_body<Body>("{").error().code, Errc::corrupt);
}
TYPED_TEST_SUITE(EveryBody, Bodies);
TYPED_TEST(EveryBody, GivenDefaultsWhenWrittenAndReadThenTheyAreTheSame) { expect_round_trip<TypeParam>(); }
template <class Body>
class EveryOtherBody : public testing::Test {};
TYPED_TEST_SUITE(EveryOtherBody, MoreBodies);
TYPED_TEST(EveryOtherBody, GivenDefaultsWhenWrittenAndReadThenTheyAreTheSame) { expect_round_trip<TypeParam>(); }

TEST(TopicRouteData, GivenUnquotedBrokerIdsWhenReadThenTheRouteIsWhole) {
  auto route = decode_body<TopicRouteData>(
      R"({"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:10911",1:"127.0.0.1:10921"},"brokerName":"broker-a",)"
      R"("cluster":"DefaultCluster","enableActingMaster":false}],"filterServerTable":{},)"
      R"("queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]})");
  ASSERT_TRUE(route) << route.error().message;
  EXPECT_EQ(route->broker_datas.at(0).broker_addrs.at(1), "127.0.0.1:10921");
  EXPECT_EQ(route->queue_datas.at(0).read_queue_nums, 4);
  EXPECT_EQ(route->queue_datas.at(0).perm, perm::kRead | perm::kWrite);
  EXPECT_EQ(route->order_topic_conf, std::nullopt);
  EXPECT_EQ(
      encode_body(*route),
      R"({"brokerDatas":[{"brokerAddrs":{"0":"127.0.0.1:10911","1":"127.0.0.1:10921"},"brokerName":"broker-a",)"
      R"("cluster":"DefaultCluster","enableActingMaster":false}],"filterServerTable":{},)"
      R"("queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]})");
}

TEST(ConsumeStats, GivenObjectsAsKeysWhenReadAndWrittenThenTheTextIsFastjsons) {
  const std::string text =
      R"({"consumeTps":0.5,"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"brokerOffset":10,)"
      R"("consumerOffset":4,"lastTimestamp":7,"pullOffset":5},{"brokerName":"b","queueId":1,"topic":"t"}:)"
      R"({"brokerOffset":0,"consumerOffset":-1,"lastTimestamp":0,"pullOffset":0}}})";
  auto stats = decode_body<ConsumeStats>(text);
  ASSERT_TRUE(stats) << stats.error().message;
  EXPECT_EQ(stats->offset_table.at({"b", 0, "t"}).broker_offset, 10);
  EXPECT_EQ(stats->offset_table.at({"b", 1, "t"}).consumer_offset, -1);
  EXPECT_EQ(encode_body(*stats), text);
}

TEST(Body, GivenAMemberThatIsMissingOrWrongWhenReadThenTheErrorSaysWhere) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"{}", "offsetTable is missing"},
      {R"({"offsetTable":null})", "offsetTable is missing"},
      {R"({"offsetTable":[]})", "offsetTable: expected an object, got an array"},
      {R"({"offsetTable":{x:{}}})", "offsetTable: x: JSON: expected a value at byte 1"},
      {R"({"offsetTable":{{"queueId":"x"}:{}}})",
       "offsetTable: {\"queueId\":\"x\"}: queueId: expected an integer in range, got \"x\""},
      {R"({"offsetTable":{{}:{"brokerOffset":1}}})", "offsetTable: {}: consumerOffset is missing"},
      {R"({"offsetTable":{{}:{"brokerOffset":{},"consumerOffset":1}}})",
       "offsetTable: {}: brokerOffset: expected an integer in range, got an object"},
      {R"({"offsetTable":{},"consumeTps":"fast"})", "consumeTps: expected a number, got \"fast\""},
  };
  for (const Case& c : cases) {
    auto stats = decode_body<ConsumeStats>(c.text);
    ASSERT_FALSE(stats) << c.text;
    EXPECT_EQ(stats.error().code, Errc::corrupt);
    // members are read in the order of the table, so the first fault in that order is the one that is told
    EXPECT_EQ(stats.error().message, c.message);
  }
  EXPECT_EQ(decode_body<BrokerData>(R"({"brokerName":"b","brokerAddrs":{"x":"y"}})").error().message,
            "brokerAddrs: x: expected an integer as key, got \"x\"");
  EXPECT_EQ(decode_body<TopicList>(R"({"topicList":["a",[]]})").error().message,
            "topicList: [1]: expected a string, got an array");
  EXPECT_EQ(decode_body<TopicList>(R"({"topicList":{}})").error().message,
            "topicList: expected an array, got an object");
  EXPECT_EQ(decode_body<BrokerData>(R"({"brokerName":"b","enableActingMaster":3})").error().message,
            "enableActingMaster: expected true or false, got 3");
  EXPECT_FALSE(decode_body<QueueData>(R"({"brokerName":"b","perm":3000000000})"));
}

TEST(Body, GivenScalarsOfTheNeighbouringTypeWhenReadThenTheyAreCastAsFastjsonDoes) {
  auto queue = decode_body<QueueData>(R"({"brokerName":7,"perm":"6","readQueueNums":null})");
  ASSERT_TRUE(queue) << queue.error().message;
  EXPECT_EQ(queue->broker_name, "7");
  EXPECT_EQ(queue->perm, 6);
  EXPECT_TRUE(decode_body<BrokerData>(R"({"brokerName":true,"enableActingMaster":"true"})")->enable_acting_master);
  EXPECT_EQ(decode_body<TopicList>(R"({"topicList":["a",null,"b"]})")->topic_list,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(decode_body<KVTable>(R"({"table":{"a":null}})")->entries.empty());
}

TEST(Body, GivenANumberThatIsNoNumberWhenWrittenThenItIsZero) {
  ConsumeStatus status;
  status.pull_rt_ms = std::numeric_limits<double>::quiet_NaN();
  status.pull_tps = 0.25;
  EXPECT_NE(encode_body(status).find(R"("pullRT":0.0,"pullTPS":0.25)"), std::string::npos);
}

TEST(BatchAck, GivenWhatTheJavaClientSentWhenReadThenTheBitsAreThere) {
  const std::string text =
      R"({"acks":[{"b":"//8P","c":"golden-raw-batch","it":60000,"pt":1795368432501,"q":0,"r":"0","rq":1,"so":0,)"
      R"("t":"golden-raw"}],"brokerName":"broker-a"})";
  auto body = decode_body<BatchAckMessageRequestBody>(text);
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->acks.at(0).bit_set.ones().size(), 20U);
  EXPECT_EQ(encode_body(*body), text);
  EXPECT_FALSE(decode_body<BatchAckMessageRequestBody>(R"({"acks":[{"b":"!"}]})"));
  EXPECT_FALSE(decode_body<BatchAckMessageRequestBody>(R"({"acks":[{"b":1}]})"));
  EXPECT_EQ(decode_body<BatchAck>(fmt::format(R"({{"b":"{}"}})", std::string(20000, 'A'))).error().code,
            Errc::resource_exhausted);
}

TEST(BitSet, GivenBitsWhenSetThenBytesAndJsonAreThoseOfJava) {
  BitSet bits;
  EXPECT_FALSE(bits.test(3));
  for (std::size_t bit : {0, 9, 17}) bits.set(bit);
  bits.set(BitSet::kBitsMax);  // ignored
  EXPECT_EQ(bits.bytes(), std::string("\x01\x02\x02", 3));
  EXPECT_EQ(bits.ones(), (std::vector<std::uint32_t>{0, 9, 17}));
  EXPECT_EQ(BitSet::from_bytes(std::string("\x01\x02\x02\0\0", 5)), bits);
  for (std::size_t highest : {0, 8, 16, 24}) {  // every length of padding
    BatchAck ack;
    ack.bit_set.set(highest);
    EXPECT_EQ(decode_body<BatchAck>(encode_body(ack))->bit_set, ack.bit_set);
  }
}

HeartbeatData sample_heartbeat() {
  HeartbeatData heartbeat;
  heartbeat.client_id = "c";
  heartbeat.producer_data_set.push_back({"p"});
  ConsumerData consumer;
  consumer.group_name = "g";
  SubscriptionData subscription;
  subscription.topic = "t";
  subscription.sub_string = "A || B";
  subscription.tags_set = {"A", "B"};
  subscription.code_set = {65, 66};
  consumer.subscription_data_set.push_back(subscription);
  heartbeat.consumer_data_set.push_back(consumer);
  return heartbeat;
}

TEST(Heartbeat, GivenAHeartbeatWithinTheLimitsWhenReadThenItIsTheSame) {
  EXPECT_EQ(decode_heartbeat(encode_body(sample_heartbeat())).value(), sample_heartbeat());
  EXPECT_FALSE(decode_heartbeat("{}"));
}

TEST(Heartbeat, GivenMoreThanALimitWhenReadThenItIsRefused) {
  HeartbeatLimits limits;
  limits.groups_max = 2;
  limits.subscriptions_per_group_max = 1;
  limits.tags_per_subscription_max = 2;
  limits.name_bytes_max = 3;
  limits.expression_bytes_max = 10;
  EXPECT_TRUE(decode_heartbeat(encode_body(sample_heartbeat()), limits));
  auto code_of = [&](auto&& change) {
    HeartbeatData heartbeat = sample_heartbeat();
    change(heartbeat, heartbeat.consumer_data_set[0], heartbeat.consumer_data_set[0].subscription_data_set[0]);
    auto result = decode_heartbeat(encode_body(heartbeat), limits);
    return result ? Errc::internal : result.error().code;
  };
  EXPECT_EQ(code_of([](auto& h, auto&, auto&) { h.client_id.clear(); }), Errc::invalid_argument);
  EXPECT_EQ(code_of([](auto& h, auto&, auto&) { h.client_id = "long"; }), Errc::resource_exhausted);
  EXPECT_EQ(code_of([](auto& h, auto&, auto&) { h.producer_data_set.resize(2, {"x"}); }), Errc::resource_exhausted);
  EXPECT_EQ(code_of([](auto& h, auto&, auto&) { h.producer_data_set[0].group_name = ""; }), Errc::invalid_argument);
  EXPECT_EQ(code_of([](auto&, auto& c, auto&) { c.group_name = ""; }), Errc::invalid_argument);
  EXPECT_EQ(code_of([](auto&, auto& c, auto& s) { c.subscription_data_set.push_back(SubscriptionData(s)); }),
            Errc::resource_exhausted);
  EXPECT_EQ(code_of([](auto&, auto&, auto& s) { s.topic = ""; }), Errc::invalid_argument);
  EXPECT_EQ(code_of([](auto&, auto&, auto& s) { s.tags_set.push_back("C"); }), Errc::resource_exhausted);
  EXPECT_EQ(code_of([](auto&, auto&, auto& s) { s.code_set.push_back(67); }), Errc::resource_exhausted);
  EXPECT_EQ(code_of([](auto&, auto&, auto& s) { s.sub_string = "A || B || C"; }), Errc::resource_exhausted);
  limits.body_bytes_max = 10;
  EXPECT_EQ(code_of([](auto&, auto&, auto&) {}), Errc::resource_exhausted);
}

// The short way for plain bodies (wire/body_plain.h) may only ever say what the long one says: a space before a key's colon or a
// bare word sends a text to the long way or keeps it on the short one, and the meaning stays.
struct PlainCase {
  std::string name;
  std::string json;
  std::vector<std::int64_t> ids;
  std::int32_t epoch = 0;
  std::string fault = "";  // empty: it is read
};
class PlainBody : public testing::TestWithParam<PlainCase> {};
TEST_P(PlainBody, GivenABodyOfNumbersWhenReadThenAsTheLongWayReadsIt) {
  const PlainCase& c = GetParam();
  const auto body = decode_body<SyncStateSet>(c.json);
  ASSERT_EQ(body.has_value(), c.fault.empty()) << body.error().message;
  if (!body) {
    EXPECT_NE(body.error().message.find(c.fault), std::string::npos) << body.error().message;
    return;
  }
  EXPECT_EQ(body->sync_state_set, c.ids);
  EXPECT_EQ(body->sync_state_set_epoch, c.epoch);
}
INSTANTIATE_TEST_SUITE_P(
    Table, PlainBody,
    testing::Values(PlainCase{"as_fastjson_writes_it", R"({"syncStateSet":[1,2],"syncStateSetEpoch":7})", {1, 2}, 7},
                    PlainCase{"spaces", " { \"syncStateSetEpoch\" : -7 , \"syncStateSet\" : [ 1 , 2 ] } ", {1, 2}, -7},
                    PlainCase{"empty", "{}", {}, 0}, PlainCase{"no_ids", R"({"syncStateSet":[]})", {}, 0},
                    PlainCase{"unknown_member", R"({"x":{"y":[1]},"syncStateSetEpoch":7})", {}, 7},
                    PlainCase{"null", R"({"syncStateSet":null,"syncStateSetEpoch":null})", {}, 0},
                    PlainCase{"null_among_ids", R"({"syncStateSet":[1,null,2]})", {1, 2}, 0},
                    PlainCase{"number_as_text", R"({"syncStateSetEpoch":"7"})", {}, 7},
                    PlainCase{"suffix", R"({"syncStateSet":[1L]})", {1}, 0},
                    PlainCase{"bare_key", R"({syncStateSetEpoch:7})", {}, 7},
                    PlainCase{"comma_at_the_end", R"({"syncStateSetEpoch":7,})", {}, 7},
                    PlainCase{"escaped_key", R"({"\u0073yncStateSetEpoch":7})", {}, 7},
                    PlainCase{"twice", R"({"syncStateSetEpoch":6,"syncStateSetEpoch":7})", {}, 7},
                    PlainCase{"too_large", R"({"syncStateSetEpoch":4294967296})", {}, 0, "syncStateSetEpoch"},
                    PlainCase{"no_end", R"({"syncStateSet":[1,2])", {}, 0, "at byte"},
                    PlainCase{"more_behind_it", R"({"syncStateSetEpoch":7}x)", {}, 0, "the end"},
                    PlainCase{"no_list", R"({"syncStateSet":7})", {}, 0, "an array"},
                    PlainCase{"nothing", "", {}, 0, "at byte"}),
    [](const auto& info) { return info.param.name; });

TEST(PlainBody, GivenLimitsBelowItsSizeWhenReadThenTheyHold) {
  const std::string json = R"({"syncStateSet":[1,2,3],"syncStateSetEpoch":7})";
  EXPECT_EQ(decode_body<SyncStateSet>(json, {.bytes_max = 10}).error().code, Errc::resource_exhausted);
  EXPECT_EQ(decode_body<SyncStateSet>(json, {.values_max = 3}).error().code, Errc::resource_exhausted);
  EXPECT_EQ(decode_body<SyncStateSet>(json, {.depth_max = 1}).error().code, Errc::resource_exhausted);
}

}  // namespace
}  // namespace gantry::wire
