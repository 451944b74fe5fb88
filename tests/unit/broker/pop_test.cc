// POP: what is handed out, what stays invisible, and what comes back when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pop_fixture.h"
#include "wire/bodies/subscription_group.h"

namespace gantry::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPopRetry = "%RETRY%g_t";

TEST(Pop, GivenMessagesThenEachIsHandedOutOnceAndTheOffsetFollowsTheAcknowledgements) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  auto header = f.pop_header();
  header.max_messages = 2;
  const auto answer = f.call(request::kPopMessage, header);
  EXPECT_EQ(answer.fields.get("restNum"), "1");
  const auto first = f.popped(answer);
  const auto second = f.pop(header);
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].body, "3");
  EXPECT_EQ(f.call(request::kPopMessage, header).code, code::kPollingTimeout);
  EXPECT_EQ(f.pop_stats().pop_in_flight, 3);
  EXPECT_EQ(f.pop_stats().pop_ready, 0);

  EXPECT_EQ(f.ack(second[0]), code::kSuccess);
  EXPECT_EQ(f.ack(first[1]), code::kSuccess);
  EXPECT_EQ(f.committed(), 0);  // the first message is still out
  EXPECT_EQ(f.ack(first[0]), code::kSuccess);
  EXPECT_EQ(f.committed(), 3);
  EXPECT_EQ(f.ack(first[0]), code::kSuccess);  // again: no error
  EXPECT_EQ(f.pop_stats().pop_in_flight, 0);
}

TEST(Pop, GivenNoAcknowledgementInTimeThenTheMessageComesBackOnceUnderItsTopic) {
  PopFixture f;
  f.send_all({"done", "late"});
  const auto popped = f.pop(f.pop_header(20));
  ASSERT_EQ(popped.size(), 2u);
  ASSERT_EQ(f.ack(popped[0]), code::kSuccess);
  std::vector<Popped> again;
  ASSERT_TRUE(f.run_until([&] { return !(again = f.pop(f.pop_header())).empty(); }));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].body, "late");
  EXPECT_EQ(again[0].topic, kPopRetry);
  EXPECT_EQ(again[0].reconsume_times, 1);
  EXPECT_EQ(f.committed(), 2);
  EXPECT_EQ(f.ack(popped[1]), code::kSuccess);  // too late: no error, and it does not end the second delivery
  EXPECT_EQ(f.committed(kPopRetry), 0);
  EXPECT_EQ(f.ack(again[0]), code::kSuccess);
  EXPECT_EQ(f.committed(kPopRetry), 1);
}

TEST(Pop, GivenARetryTopicThatIsMadeThenTheGroupHasAnOffsetInItBeforeItPops) {
  PopFixture f;
  f.send_all({"late"});
  ASSERT_EQ(f.pop(f.pop_header(20)).size(), 1u);
  ASSERT_TRUE(f.run_until([&] { return !f.bodies(kPopRetry, 0).empty(); }));
  EXPECT_EQ(f.committed(kPopRetry), 0);
}

TEST(Pop, GivenMessagesThatComeAgainThenConsumeStatsTellThemWithTheTopic) {
  PopFixture f;
  f.send_all({"one", "two"});
  ASSERT_EQ(f.pop(f.pop_header(20)).size(), 2u);
  EXPECT_EQ(f.consume_stats().retry_messages, 0);
  EXPECT_EQ(f.consume_stats().retry_of_pop, false);
  ASSERT_TRUE(f.run_until([&] {
    const wire::ConsumeStats stats = f.consume_stats();
    const bool in_work = stats.offset_table.at({"broker-a", 0, "t"}).pop_in_flight != 0;
    EXPECT_TRUE(in_work || stats.retry_messages == 2) << "what waits is never in neither";
    return !in_work;
  }));
  EXPECT_EQ(f.consume_stats().retry_ready, 2);
  EXPECT_EQ(f.consume_stats().retry_of_pop, true);
  auto header = f.pop_header();
  header.max_messages = 1;
  const auto again = f.pop(header);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(f.consume_stats().retry_messages, 2);
  EXPECT_EQ(f.consume_stats().retry_ready, 1);
  ASSERT_EQ(f.ack(again[0]), code::kSuccess);
  EXPECT_EQ(f.consume_stats().retry_messages, 1);
}

TEST(Pop, GivenTooManyDeliveriesThenTheMessageGoesToTheDeadLetters) {
  PopFixture f;
  wire::SubscriptionGroupConfig group;
  group.group_name = "g";
  group.retry_max_times = 1;
  ASSERT_EQ(f.call(request::kUpdateAndCreateSubscriptiongroup, {}, wire::encode_body(group)).code, code::kSuccess);
  f.send_all({"poison"});
  std::vector<int> deliveries;
  ASSERT_TRUE(f.run_until([&] {
    for (const auto& message : f.pop(f.pop_header(5))) deliveries.push_back(message.reconsume_times);
    return !f.bodies("%DLQ%g", 0).empty();
  }));
  EXPECT_THAT(deliveries, ElementsAre(0, 1));
  EXPECT_THAT(f.bodies("%DLQ%g", 0), ElementsAre("poison"));
}

TEST(Pop, GivenARestartThenWhatIsInFlightStaysInvisibleAndComesBackInTime) {
  PopFixture f;
  f.send_all({"kept", "late"});
  auto header = f.pop_header();
  header.max_messages = 1;
  const auto kept = f.pop(header).at(0);
  header.invisible_time_ms = 1;
  ASSERT_EQ(f.pop(header).size(), 1u);
  f.restart();
  EXPECT_EQ(f.pop_stats().pop_ready, 0);
  std::vector<std::string> again;
  ASSERT_TRUE(f.run_until([&] { return !(again = f.pop_bodies(f.pop_header())).empty(); }));
  EXPECT_THAT(again, ElementsAre("late"));
  EXPECT_EQ(f.ack(kept), code::kSuccess);
  EXPECT_EQ(f.committed(), 2);
}

TEST(Pop, GivenAChangedInvisibleTimeThenOnlyTheNewReceiptCounts) {
  PopFixture f;
  f.send_all({"longer", "sooner"});
  const auto popped = f.pop(f.pop_header(60'000));
  ASSERT_EQ(popped.size(), 2u);
  const auto longer = f.change(popped[0], 90'000);
  EXPECT_EQ(longer.receipt.invisible_time_ms, 90'000);
  EXPECT_EQ(f.call(request::kChangeMessageInvisibletime, f.change_header(popped[0], 1)).code, code::kNoMessage);
  f.change(popped[1], 0);
  std::vector<std::string> again;
  ASSERT_TRUE(f.run_until([&] { return !(again = f.pop_bodies(f.pop_header())).empty(); }));
  EXPECT_THAT(again, ElementsAre("sooner"));
  EXPECT_EQ(f.ack(popped[0]), code::kSuccess);  // the old receipt: no error, no effect
  EXPECT_EQ(f.committed(), 0);
  EXPECT_EQ(f.ack(longer), code::kSuccess);
  EXPECT_EQ(f.committed(), 2);
}

TEST(Pop, GivenTagsThenOthersArePassedOver) {
  PopFixture f;
  f.send("t", 0, "a1", {{"TAGS", "A"}});
  f.send("t", 0, "b1", {{"TAGS", "B"}});
  f.send("t", 0, "a2", {{"TAGS", "A"}});
  auto header = f.pop_header();
  header.exp = "B";
  const auto popped = f.pop(header);
  ASSERT_EQ(popped.size(), 1u);
  EXPECT_EQ(popped[0].body, "b1");
  EXPECT_EQ(f.ack(popped[0]), code::kSuccess);
  EXPECT_EQ(f.committed(), 3);
  f.send("t", 0, "a3", {{"TAGS", "A"}});
  EXPECT_THAT(f.pop(header), IsEmpty());  // moves on without handing anything out
  EXPECT_EQ(f.committed(), 4);
}

TEST(Pop, GivenAnyQueueThenAllAreDrained) {
  PopFixture f;
  for (int queue = 0; queue < 4; ++queue) f.send("t", queue, "q" + std::to_string(queue));
  auto header = f.pop_header();
  header.queue_id = -1;
  auto bodies = f.pop_bodies(header);
  EXPECT_THAT(bodies, testing::UnorderedElementsAre("q0", "q1", "q2", "q3"));
}

TEST(Pop, GivenACommittedOffsetThenANewPopBeginsThere) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  f.call(request::kUpdateConsumerOffset,
         {{"consumerGroup", "g"}, {"topic", "t"}, {"queueId", "0"}, {"commitOffset", "2"}});
  EXPECT_THAT(f.pop_bodies(f.pop_header()), ElementsAre("3"));
}

TEST(Pop, GivenAResetThenAllIsHandedOutAnewAndOldReceiptsAreVoid) {
  PopFixture f;
  f.send_all({"1", "2"});
  const auto before = f.pop(f.pop_header());
  ASSERT_EQ(before.size(), 2u);
  ASSERT_EQ(f.ack(before[0]), code::kSuccess);
  f.next_millisecond();  // of which receipts are made
  f.call(request::kInvokeBrokerToResetOffset,
         {{"topic", "t"}, {"group", "g"}, {"timestamp", "0"}, {"isForce", "true"}});
  EXPECT_EQ(f.pop_stats().pop_in_flight, 0);
  EXPECT_THAT(f.pop_bodies(f.pop_header()), ElementsAre("1", "2"));
  EXPECT_EQ(f.ack(before[1]), code::kSuccess);
  EXPECT_EQ(f.pop_stats().pop_in_flight, 2);
}

TEST(Pop, GivenADeletedTopicThenNothingOfItIsLeft) {
  PopFixture f;
  f.send_all({"old", "older"});
  ASSERT_EQ(f.pop(f.pop_header(60'000)).size(), 2u);
  f.call(request::kDeleteTopicInBroker, {{"topic", "t"}});
  f.send_all({"new"});
  EXPECT_THAT(f.pop_bodies(f.pop_header()), ElementsAre("new"));
  f.restart();
  EXPECT_EQ(f.pop_stats().pop_in_flight, 1);
}

TEST(Pop, GivenADeletedGroupThenANewOneOfItsNameBeginsAnew) {
  PopFixture f;
  f.send_all({"1", "2"});
  ASSERT_EQ(f.pop(f.pop_header()).size(), 2u);
  ASSERT_EQ(f.call(request::kDeleteSubscriptiongroup, {{"groupName", "g"}, {"cleanOffset", "true"}}).code,
            code::kSuccess);
  EXPECT_THAT(f.pop_bodies(f.pop_header()), ElementsAre("1", "2"));
}

TEST(Pop, GivenNothingToPopThenTheRequestWaitsForAMessageOfItsQueue) {
  PopFixture f;
  f.send("t", 1, "makes the topic");
  auto header = f.pop_header();
  header.poll_time_ms = 20'000;
  auto pending = f.begin(wire::make_request(request::kPopMessage, header));
  auto other = f.new_client();
  wire::Command sent = wire::make_request(request::kSendMessage, f.send_header("t", 0));
  sent.body = "came";
  f.call(std::move(sent), other.get());
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  EXPECT_THAT(f.popped(**pending->answer).at(0).body, "came");
}

TEST(Pop, GivenTimeOverWhileWaitingThenTheMessageGoesToWhoWaits) {
  PopFixture f;
  f.send_all({"again"});
  ASSERT_EQ(f.pop(f.pop_header(30)).size(), 1u);
  auto header = f.pop_header();
  header.poll_time_ms = 20'000;
  auto pending = f.begin(wire::make_request(request::kPopMessage, header));
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  EXPECT_EQ(f.popped(**pending->answer).at(0).reconsume_times, 1);
}

TEST(Pop, GivenAWaitThatEndsOrTooManyWaitersThenTheAnswerSaysWhich) {
  PopFixture f({.held_requests_max = 1});
  f.send("t", 1, "makes the topic");
  auto header = f.pop_header();
  header.poll_time_ms = 100;
  auto pending = f.begin(wire::make_request(request::kPopMessage, header));
  f.call(request::kGetBrokerRuntimeInfo, {});  // behind the first on the same connection
  EXPECT_EQ(f.call(request::kPopMessage, header).code, code::kPollingFull);
  const auto full = f.call(request::kNotification, [] {
    auto wanted = PopFixture::notification_header(100);
    wanted.queue_id = 0;
    return wanted;
  }());
  EXPECT_EQ(full.fields.get("hasMsg"), "false");
  EXPECT_EQ(full.fields.get("pollingFull"), "true");
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  EXPECT_EQ((**pending->answer).code, code::kPollingTimeout);
}

TEST(Pop, GivenAClientThatWentWhileItWaitedThenItsMessageStaysForOthers) {
  PopFixture f;
  f.send("t", 1, "makes the topic");
  auto header = f.pop_header();
  header.poll_time_ms = 20'000;
  auto leaver = f.new_client();
  auto pending = f.begin(wire::make_request(request::kPopMessage, header), leaver.get());
  f.call(wire::make_request(request::kGetBrokerRuntimeInfo), leaver.get());  // the pop waits now
  leaver->stop();
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  f.call(request::kGetBrokerRuntimeInfo, {});
  f.send_all({"for another"});
  EXPECT_THAT(f.pop_bodies(f.pop_header()), ElementsAre("for another"));
}

TEST(Pop, GivenATopicDeletedWhileWaitingThenTheAnswerSaysSo) {
  PopFixture f;
  f.send("t", 1, "makes the topic");
  auto header = f.pop_header();
  header.poll_time_ms = 20'000;
  auto pending = f.begin(wire::make_request(request::kPopMessage, header));
  f.call(request::kDeleteTopicInBroker, {{"topic", "t"}});
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  EXPECT_EQ((**pending->answer).code, code::kTopicNotExist);
}

TEST(Pop, GivenABadRequestThenItIsRefusedWithTheReason) {
  BrokerFixture f({.auto_create_groups = false});
  f.send("t", 0, "x");
  f.call(request::kUpdateAndCreateTopic, {{"topic", "closed"},
                                          {"defaultTopic", "TBW102"},
                                          {"readQueueNums", "1"},
                                          {"writeQueueNums", "1"},
                                          {"perm", "2"},
                                          {"topicFilterType", "SINGLE_TAG"},
                                          {"order", "false"}});
  for (const bool enabled : {true, false}) {
    wire::SubscriptionGroupConfig group;
    group.group_name = enabled ? "g" : "stopped";
    group.consume_enable = enabled;
    f.call(request::kUpdateAndCreateSubscriptiongroup, {}, wire::encode_body(group));
  }
  struct Case {
    const char* what;
    std::function<void(wire::PopMessageRequestHeader&)> spoil;
    std::int32_t expected;
    const char* remark;
  };
  const Case cases[] = {
      {"no messages", [](auto& h) { h.max_messages = 0; }, code::kInvalidParameter, "maxMsgNums: expected 1 to 32"},
      {"too many", [](auto& h) { h.max_messages = 33; }, code::kInvalidParameter, "got 33"},
      {"no time", [](auto& h) { h.invisible_time_ms = 0; }, code::kInvalidParameter, "invisibleTime: expected 1"},
      {"no such topic", [](auto& h) { h.topic = "none"; }, code::kTopicNotExist, "topic[none]"},
      {"not readable", [](auto& h) { h.topic = "closed"; }, code::kNoPermission, "may not be read"},
      {"no such queue", [](auto& h) { h.queue_id = 4; }, code::kInvalidParameter, "queueId[4] is illegal"},
      {"no such group", [](auto& h) { h.consumer_group = "h"; }, code::kSubscriptionGroupNotExist, "h"},
      {"stopped group", [](auto& h) { h.consumer_group = "stopped"; }, code::kNoPermission, "may not consume"},
      {"not tags", [](auto& h) { h.exp_type = "SQL92"; }, code::kSubscriptionParseFailed, ""},
  };
  for (const Case& c : cases) {
    auto header = PopFixture::pop_header();
    c.spoil(header);
    const auto answer = f.call(request::kPopMessage, header);
    EXPECT_EQ(answer.code, c.expected) << c.what << ": " << answer.remark;
    EXPECT_THAT(answer.remark, HasSubstr(c.remark)) << c.what;
  }
  EXPECT_NE(f.call(request::kPopMessage, {{"topic", "t"}}).code, code::kSuccess);
}

TEST(Pop, GivenABadReceiptThenAcknowledgementAndChangeAreRefusedAlike) {
  PopFixture f;
  f.send_all({"x"});
  const auto message = f.pop(f.pop_header()).at(0);
  struct Case {
    const char* what;
    std::function<void(wire::AckMessageRequestHeader&)> spoil;
    std::int32_t expected;
  };
  const Case cases[] = {
      {"no receipt", [](auto& h) { h.extra_info = "garbage"; }, code::kMessageIllegal},
      {"no such topic", [](auto& h) { h.topic = "none"; }, code::kTopicNotExist},
      {"no such queue", [](auto& h) { h.queue_id = 9; }, code::kMessageIllegal},
      {"a queue never written", [](auto& h) { h.queue_id = 2; }, code::kNoMessage},
      {"an offset to come", [](auto& h) { h.offset = 99; }, code::kNoMessage},
  };
  for (const Case& c : cases) {
    auto ack = f.ack_header(message);
    c.spoil(ack);
    EXPECT_EQ(f.call(request::kAckMessage, ack).code, c.expected) << c.what;
    auto change = f.change_header(message, 5);
    change.extra_info = ack.extra_info;
    change.topic = ack.topic;
    change.queue_id = ack.queue_id;
    change.offset = ack.offset;
    EXPECT_EQ(f.call(request::kChangeMessageInvisibletime, change).code, c.expected) << c.what;
  }
  EXPECT_EQ(f.call(request::kChangeMessageInvisibletime, f.change_header(message, -1)).code, code::kInvalidParameter);
  EXPECT_NE(f.call(request::kAckMessage, {{"topic", "t"}}).code, code::kSuccess);
  EXPECT_NE(f.call(request::kChangeMessageInvisibletime, {{"topic", "t"}}).code, code::kSuccess);
  EXPECT_EQ(f.pop_stats().pop_in_flight, 1);
}

TEST(Pop, GivenABatchOfAcknowledgementsThenAllAreDoneAtOnce) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  const auto popped = f.pop(f.pop_header());
  ASSERT_EQ(popped.size(), 3u);
  EXPECT_EQ(f.ack_batch(popped[0], {0, 2, 40}), code::kSuccess);  // 40 was never there: passed over
  EXPECT_EQ(f.pop_stats().pop_in_flight, 1);
  EXPECT_EQ(f.ack(popped[1]), code::kSuccess);
  EXPECT_EQ(f.committed(), 3);
  for (const char* bad : {"", "{}", "{\"acks\":[]}", "[1"})
    EXPECT_EQ(f.call(request::kBatchAckMessage, {}, bad).code, code::kNoMessage) << bad;
}

}  // namespace
}  // namespace gantry::broker
