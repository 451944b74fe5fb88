// The small pure parts of a client: subscriptions, routes, receipts, ids, names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rocketmq/cluster.h"
#include "rocketmq/errors_by_source.h"
#include "rocketmq/identity.h"
#include "rocketmq/pop_client.h"
#include "rocketmq/producer.h"
#include "rocketmq/received.h"
#include "wire/codes.h"
#include "wire/compression.h"
#include "wire/pop_receipt.h"

namespace gantry::rocketmq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kRoute =
    R"({"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:1",1:"127.0.0.1:2"},"brokerName":"b","cluster":"c"},)"
    R"({"brokerAddrs":{1:"127.0.0.1:3"},"brokerName":"a","cluster":"c"}],"filterServerTable":{},)"
    R"("queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":2,"topicSysFlag":0,"writeQueueNums":1},)"
    R"({"brokerName":"a","perm":4,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}]})";

TEST(Route, GivenJavasRouteThenQueuesOfMastersAreWrittenAndReadableOnesRead) {
  auto route = decode_route("t", kRoute);
  ASSERT_TRUE(route) << route.error().message;
  EXPECT_THAT(route->write_queues(), ElementsAre(MessageQueue{"b", 0, "t"}));
  EXPECT_THAT(route->read_queues(),
              ElementsAre(MessageQueue{"a", 0, "t"}, MessageQueue{"b", 0, "t"}, MessageQueue{"b", 1, "t"}));
  EXPECT_EQ(*route->master("b"), "127.0.0.1:1");
  EXPECT_EQ(route->master("a"), nullptr);
  EXPECT_EQ(route->master("nobody"), nullptr);
  EXPECT_EQ(route->find_queues("nobody"), nullptr);
}

TEST(Route, GivenGarbageThenTheErrorNamesTheTopic) {
  auto route = decode_route("orders", "{nonsense");
  ASSERT_FALSE(route);
  EXPECT_THAT(route.error().message, HasSubstr("orders"));
}

TEST(Producer, GivenAShardingKeyThenItsQueueIsJavas) {
  EXPECT_EQ(queue_of_key("order-1", 8), queue_of_key("order-1", 8));
  EXPECT_EQ(queue_of_key("TagA", 10), 9U);               // 2598919 % 10
  EXPECT_EQ(queue_of_key("polygenelubricants", 7), 2U);  // hashCode() is Integer.MIN_VALUE: |MIN % 7|
}

TEST(Identity, GivenManyIdsThenNoneTwice) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(next_message_id());
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(ids.begin()->size(), 32U);
  EXPECT_NE(make_client_id(), make_client_id());
}

TEST(Names, GivenTopicsThenSystemOnesAreKnown) {
  for (const char* name : {"%RETRY%g", "%DLQ%g", "TBW102", "rmq_sys_wheel_timer", "CHECKPOINT_TOPIC"}) {
    EXPECT_TRUE(is_system_topic(name)) << name;
  }
  EXPECT_FALSE(is_system_topic("orders"));
}

ReceivedMessage popped(std::string topic, std::int32_t queue_id, std::int64_t offset) {
  ReceivedMessage message;
  message.topic = "t";
  message.queue = MessageQueue{"broker-a", queue_id, std::move(topic)};
  message.queue_offset = offset;
  return message;
}

TEST(PopReceipts, GivenTheTablesThenEachMessageGetsItsOwn) {
  wire::PopMessageResponseHeader header;
  header.pop_time_ms = 1000;
  header.invisible_time_ms = 60000;
  header.revive_queue_id = 3;
  header.start_offset_info = "0 2 40;1 0 7";
  header.msg_offset_info = "0 2 40,41;1 0 9";
  std::vector<ReceivedMessage> messages = {popped("t", 2, 41), popped("t", 2, 40), popped("%RETRY%g_t", 0, 9)};
  fill_receipts(header, "broker-a", messages);
  EXPECT_EQ(messages[0].receipt, "40 1000 60000 3 0 broker-a 2 41");
  EXPECT_EQ(messages[1].receipt, "40 1000 60000 3 0 broker-a 2 40");
  EXPECT_EQ(messages[2].receipt, "7 1000 60000 3 1 broker-a 0 9");
}

TEST(PopReceipts, GivenNoTablesThenTheFirstOffsetOfTheQueueIsTheStart) {
  wire::PopMessageResponseHeader header;
  std::vector<ReceivedMessage> messages = {popped("t", 1, 5), popped("t", 1, 6)};
  messages[1].receipt = "kept";
  fill_receipts(header, "b", messages);
  auto receipt = wire::decode_receipt(messages[0].receipt);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->start_offset, 5);
  EXPECT_EQ(messages[1].receipt, "kept");
}

TEST(Received, GivenACompressedRecordThenTheBodyIsPlainAndPropertiesAreFields) {
  wire::MessageRecord record;
  record.topic = "%RETRY%g";
  record.queue_id = 1;
  record.queue_offset = 12;
  record.reconsume_times = 2;
  record.sys_flag = wire::with_compression(0, wire::Compression::zlib);
  record.body = *wire::compress(wire::Compression::zlib, "hello hello hello");
  record.properties =
      "UNIQ_KEY\x01"
      "ID\x02TAGS\x01"
      "T\x02KEYS\x01"
      "K\x02RETRY_TOPIC\x01"
      "orders\x02";
  std::string bytes;
  ASSERT_TRUE(wire::encode_record(record, bytes));
  auto messages = decode_messages(bytes, "broker-a");
  ASSERT_TRUE(messages) << messages.error().message;
  ASSERT_EQ(messages->size(), 1U);
  const ReceivedMessage& message = messages->front();
  EXPECT_EQ(message.body, "hello hello hello");
  EXPECT_EQ(message.topic, "orders");
  EXPECT_EQ(message.queue, (MessageQueue{"broker-a", 1, "%RETRY%g"}));
  EXPECT_EQ(message.message_id, "ID");
  EXPECT_EQ(message.tag, "T");
  EXPECT_EQ(message.keys, "K");
  EXPECT_EQ(message.reconsume_times, 2);
}

TEST(Received, GivenABodyThatCannotBeDecompressedThenItIsKeptWithTheReason) {
  wire::MessageRecord record;
  record.topic = "t";
  record.sys_flag = wire::with_compression(0, wire::Compression::zlib);
  record.body = "not zlib";
  std::string bytes;
  ASSERT_TRUE(wire::encode_record(record, bytes));
  auto messages = decode_messages(bytes, "broker-a");
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->front().body, "not zlib");
  EXPECT_TRUE(messages->front().properties.contains("GANTRY_UNDECODED"));
  EXPECT_EQ(messages->front().message_id, messages->front().offset_message_id);
}

TEST(Received, GivenGarbageThenTheErrorNamesTheBroker) {
  auto messages = decode_messages("garbage that is no record at all", "broker-a");
  ASSERT_FALSE(messages);
  EXPECT_THAT(messages.error().message, HasSubstr("broker-a"));
}

TEST(ErrorsBySource, GivenSeveralSourcesThenEachClearsItsOwnAndTheOldestIsShown) {
  ErrorsBySource errors;
  EXPECT_EQ(errors.oldest(), "");
  errors.note("a", Error{Errc::unavailable, "a is away"});
  errors.note("b", Error{Errc::unavailable, "b is away"});
  errors.note("a", Error{Errc::timeout, "a is slow"});
  EXPECT_EQ(errors.oldest(), "a is slow");
  errors.clear("c");
  errors.clear("a");
  EXPECT_EQ(errors.oldest(), "b is away");
  errors.clear("b");
  EXPECT_EQ(errors.oldest(), "");
}

TEST(ErrorOfResponse, GivenResponseCodesThenErrorsByKind) {
  namespace rc = wire::response_code;
  const std::vector<std::tuple<std::int32_t, std::string, Errc>> cases = {
      {rc::kTopicNotExist, "topic[x] not exist", Errc::not_found},
      {rc::kSystemBusy, "busy", Errc::unavailable},
      {rc::kFlowControl, "slow", Errc::resource_exhausted},
      {rc::kNoPermission, "no", Errc::permission_denied},
      {rc::kRequestCodeNotSupported, "what", Errc::unimplemented},
      {rc::kMessageIllegal, "bad", Errc::invalid_argument},
      {rc::kControllerInvalidRequest, "bad", Errc::invalid_argument},
      {rc::kControllerNotLeader, "ask another", Errc::unavailable},
      {rc::kControllerJraftInternalError, "who knows", Errc::timeout},
      {rc::kSystemError, "oops\n at java", Errc::internal},
      {rc::kSystemError, "AclException: check signature failed", Errc::unauthenticated},
  };
  for (const auto& [code, remark, expected] : cases) {
    wire::Command response;
    response.code = code;
    response.remark = remark;
    const Error error = error_of_response(response, "broker x");
    EXPECT_EQ(error.code, expected) << remark;
    EXPECT_THAT(error.message, HasSubstr("broker x"));
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace gantry::rocketmq
