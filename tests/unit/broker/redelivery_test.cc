#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker_fixture.h"
#include "wire/headers/admin.h"
#include "wire/message_id.h"

namespace gantry::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Delay levels have no milliseconds: tests use the shortest and wait for it.
Config short_delays() { return {.delay_levels = "1s"}; }

struct SendBack : BrokerFixture {
  SendBack() : BrokerFixture(short_delays()) {}

  wire::Command send_back(std::int64_t physical_offset, int delay_level, std::optional<int> tries_max = {}) {
    wire::ConsumerSendMsgBackRequestHeader header;
    header.offset = physical_offset;
    header.group = "g";
    header.delay_level = delay_level;
    header.max_reconsume_times = tries_max;
    return call(request::kConsumerSendMsgBack, header);
  }
};

TEST(Delay, GivenADelayLevelThenTheMessageComesWhenItIsOver) {
  BrokerFixture f(short_delays());
  f.send("t", 0, "later", {{"DELAY", "1"}, {"TAGS", "A"}});
  EXPECT_TRUE(f.bodies("t", 0).empty());
  EXPECT_EQ(f.received(f.pull("g", "SCHEDULE_TOPIC_XXXX", 0, 0)).size(), 1u);
  ASSERT_TRUE(f.run_until([&] { return !f.bodies("t", 0, "A").empty(); }));
  const auto message = f.received(f.pull("g", "t", 0, 0)).at(0);
  EXPECT_EQ(message.body, "later");
  EXPECT_EQ(message.topic, "t");
  EXPECT_EQ(wire::find_property(message.properties, "DELAY"), std::nullopt);
}

// As Apache's broker, which answers a NumberFormatException: delivered at once was not what anybody asked for.
TEST(Delay, GivenADelayLevelThatIsNoNumberThenTheSendIsRefused) {
  BrokerFixture f(short_delays());
  for (const char* level : {"3x", " 3", "2147483648", "99999999999999999999", "-"}) {
    const wire::Command answer = f.try_send("t", 0, "later", {{"DELAY", level}});
    EXPECT_NE(answer.code, wire::response_code::kSuccess) << level;
    EXPECT_THAT(answer.remark, HasSubstr("is not a number")) << level;
  }
  EXPECT_TRUE(f.bodies("t", 0).empty());
}

TEST(Delay, GivenTimersOfEveryKindThenEachComesOnceAndInTime) {
  BrokerFixture f;
  f.send("t", 0, "at",
         {{"TIMER_DELIVER_MS", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                  std::chrono::system_clock::now().time_since_epoch())
                                                  .count() +
                                              150)}});
  f.send("t", 0, "after ms", {{"TIMER_DELAY_MS", "50"}});
  f.send("t", 0, "past", {{"TIMER_DELIVER_MS", "1"}});
  EXPECT_THAT(f.bodies("t", 0), ElementsAre("past"));
  ASSERT_TRUE(f.run_until([&] { return f.bodies("t", 0).size() == 3; }));
  EXPECT_THAT(f.bodies("t", 0), ElementsAre("past", "after ms", "at"));
}

TEST(Delay, GivenARestartBeforeItIsOverThenTheMessageComesAllTheSame) {
  BrokerFixture f;
  f.send("t", 0, "later", {{"TIMER_DELAY_MS", "200"}});
  f.restart();
  EXPECT_TRUE(f.run_until([&] { return f.bodies("t", 0).size() == 1; }));
}

TEST(Delay, GivenADeletedTopicThenItsDelayedMessagesAreDropped) {
  BrokerFixture f;
  f.send("t", 0, "later", {{"TIMER_DELAY_MS", "30"}});
  f.send("u", 0, "marker", {{"TIMER_DELAY_MS", "60"}});
  f.call(request::kDeleteTopicInBroker, {{"topic", "t"}});
  EXPECT_TRUE(f.run_until([&] { return f.bodies("u", 0).size() == 1; }));
}

TEST(SendBackTest, GivenAMessageSentBackThenItComesToTheRetryTopicWithItsStory) {
  SendBack f;
  f.send("t", 0, "hard");
  const auto first = f.received(f.pull("g", "t", 0, 0)).at(0);
  ASSERT_EQ(f.send_back(first.physical_offset, 1).code, code::kSuccess);
  ASSERT_TRUE(f.run_until([&] { return f.bodies("%RETRY%g", 0).size() == 1; }));
  const auto retried = f.received(f.pull("g", "%RETRY%g", 0, 0)).at(0);
  EXPECT_EQ(retried.body, "hard");
  EXPECT_EQ(retried.reconsume_times, 1);
  EXPECT_EQ(wire::find_property(retried.properties, "RETRY_TOPIC"), "t");
  const auto origin =
      wire::decode_offset_message_id(wire::find_property(retried.properties, "ORIGIN_MESSAGE_ID").value_or(""));
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->physical_offset, first.physical_offset);
}

TEST(SendBackTest, GivenTooManyTriesOrANegativeLevelThenItGoesToTheDeadLetters) {
  SendBack f;
  f.send("t", 0, "one");
  f.send("t", 0, "two");
  const auto messages = f.received(f.pull("g", "t", 0, 0));
  EXPECT_EQ(f.send_back(messages[0].physical_offset, 0, 0).code, code::kSuccess);
  EXPECT_EQ(f.send_back(messages[1].physical_offset, -1).code, code::kSuccess);
  EXPECT_THAT(f.bodies("%DLQ%g", 0), ElementsAre("one", "two"));
  EXPECT_EQ(f.send_back(123'456, 0).code, code::kSystemError);
}

TEST(SendBackTest, GivenAConsumerThatSendsToItsRetryTopicItselfThenTheLimitHoldsToo) {
  SendBack f;
  auto header = f.send_header("%RETRY%g", 0, {{"DELAY", "1"}});
  header.reconsume_times = 17;
  EXPECT_EQ(f.call(request::kSendMessage, header, "dead").code, code::kSuccess);
  header.properties.reset();
  EXPECT_EQ(f.call(request::kSendMessage, header, "dead too").code, code::kSuccess);
  header.reconsume_times = 2;
  EXPECT_EQ(f.call(request::kSendMessage, header, "alive").code, code::kSuccess);
  EXPECT_THAT(f.bodies("%RETRY%g", 0), ElementsAre("alive"));
  EXPECT_THAT(f.bodies("%DLQ%g", 0), ElementsAre("dead", "dead too"));
}

struct Half : BrokerFixture {
  using BrokerFixture::BrokerFixture;
  struct Sent {
    std::int64_t queue_offset, physical_offset;
  };
  Sent prepare(const std::string& body) {
    const auto answer =
        try_send("t", 1, body, {{"TRAN_MSG", "true"}, {"PGROUP", "producers"}, {"UNIQ_KEY", "U-" + body}});
    EXPECT_EQ(answer.code, code::kSuccess) << answer.remark;
    return {std::stoll(std::string(answer.fields.get("queueOffset"))),
            wire::decode_offset_message_id(answer.fields.get("msgId"))->physical_offset};
  }
  wire::Command end(Sent sent, std::int32_t verdict, const std::string& group = "producers") {
    wire::EndTransactionRequestHeader header;
    header.producer_group = group;
    header.tran_state_table_offset = sent.queue_offset;
    header.commit_log_offset = sent.physical_offset;
    header.commit_or_rollback = verdict;
    header.msg_id = "x";
    return call(request::kEndTransaction, header);
  }
};

TEST(Transaction, GivenHalfMessagesThenOnlyTheCommittedAreSeen) {
  Half f;
  const auto one = f.prepare("one"), two = f.prepare("two"), three = f.prepare("three");
  EXPECT_TRUE(f.bodies("t", 1).empty());
  EXPECT_EQ(f.end(one, wire::sys_flag::kTransactionCommit).code, code::kSuccess);
  EXPECT_EQ(f.end(two, wire::sys_flag::kTransactionRollback).code, code::kSuccess);
  EXPECT_EQ(f.end(three, 0).code, code::kSuccess);  // does not know
  EXPECT_THAT(f.bodies("t", 1), ElementsAre("one"));
  EXPECT_EQ(f.end(one, wire::sys_flag::kTransactionCommit).code, code::kSystemError);  // decided
  EXPECT_EQ(f.end(three, wire::sys_flag::kTransactionCommit, "others").code, code::kSystemError);
  f.restart();
  EXPECT_EQ(f.end(three, wire::sys_flag::kTransactionCommit).code, code::kSuccess);
  EXPECT_THAT(f.bodies("t", 1), ElementsAre("one", "three"));
}

TEST(Transaction, GivenAProducerThatSaysNothingThenItIsAskedWithTheMessage) {
  Half f({.transaction_timeout_ms = 1});
  std::optional<wire::Command> asked;
  f.client->handle(request::kCheckTransactionState,
                   [&](remoting::Request request) { asked = std::move(request.command); });
  f.heartbeat("p1", "", "", nullptr, "producers");
  const auto sent = f.prepare("silent");
  ASSERT_TRUE(f.run_until([&] { return asked.has_value(); }));
  EXPECT_EQ(asked->fields.get("tranStateTableOffset"), std::to_string(sent.queue_offset));
  EXPECT_EQ(asked->fields.get("commitLogOffset"), std::to_string(sent.physical_offset));
  EXPECT_EQ(asked->fields.get("transactionId"), "U-silent");
  const auto message = f.received(*asked);
  ASSERT_EQ(message.size(), 1u);
  EXPECT_EQ(message[0].topic, "t");
  EXPECT_EQ(message[0].body, "silent");
}

}  // namespace
}  // namespace gantry::broker
