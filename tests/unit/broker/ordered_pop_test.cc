// POP in order, and the notification that there is something to pop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pop_fixture.h"

namespace gantry::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(OrderedPopping, GivenABatchInFlightThenTheQueueIsBlockedForAllButTheSameAttempt) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  const auto first = f.pop(f.ordered_header("attempt-1"));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].receipt.revive_queue_id, wire::kPopOrderReviveQueue);
  EXPECT_THAT(f.pop(f.ordered_header("attempt-2")), IsEmpty());
  const auto repeated = f.call(request::kPopMessage, f.ordered_header("attempt-1"));  // its answer was lost
  const auto again = f.popped(repeated);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].body, "1");
  EXPECT_EQ(repeated.fields.get("orderCountInfo"), "0 0 0");  // the same delivery: not counted again
  EXPECT_EQ(f.ack(again[0]), code::kSuccess);
  EXPECT_EQ(f.committed(), 1);
  EXPECT_EQ(f.ack(again[1]), code::kSuccess);
  EXPECT_EQ(f.committed(), 2);
  f.next_millisecond();  // of which receipts are made
  auto third = f.pop(f.ordered_header("attempt-3"));
  ASSERT_EQ(third.size(), 1u);
  EXPECT_EQ(third[0].body, "3");
  EXPECT_EQ(f.ack(again[1]), code::kSuccess);  // of an earlier batch: no error
  third[0].offset = 0;
  EXPECT_EQ(f.ack(third[0]), code::kMessageIllegal);  // not in this batch
}

TEST(OrderedPopping, GivenTheLastAcknowledgementThenWhoWaitsGetsTheNextBatch) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  const auto first = f.pop(f.ordered_header("a"));
  ASSERT_EQ(first.size(), 2u);
  auto header = f.ordered_header("b");
  header.poll_time_ms = 20'000;
  auto pending = f.begin(wire::make_request(request::kPopMessage, header));
  auto other = f.new_client();
  for (const Popped& message : first) {
    EXPECT_FALSE(pending->done());
    f.call(wire::make_request(request::kAckMessage, f.ack_header(message)), other.get());
  }
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  EXPECT_EQ(f.popped(**pending->answer).at(0).body, "3");
}

TEST(OrderedPopping, GivenTimeOverThenWhoWaitsGetsTheSameBatchAgain) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  ASSERT_EQ(f.pop(f.ordered_header("a", 30)).size(), 2u);
  auto header = f.ordered_header("b");
  header.poll_time_ms = 20'000;
  auto pending = f.begin(wire::make_request(request::kPopMessage, header));
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));
  EXPECT_EQ(f.popped(**pending->answer).at(0).body, "1");
  EXPECT_THAT(std::string((**pending->answer).fields.get("orderCountInfo")), HasSubstr("qo0%0 1"));
}

TEST(OrderedPopping, GivenAChangedInvisibleTimeThenTheBlockLastsAsLong) {
  PopFixture f;
  f.send_all({"1"});
  const auto first = f.pop(f.ordered_header("a")).at(0);
  EXPECT_EQ(f.pop_stats().pop_in_flight, 1);
  f.change(first, 0);
  std::vector<std::string> again;
  ASSERT_TRUE(f.run_until([&] { return !(again = f.pop_bodies(f.ordered_header("b"))).empty(); }));
  EXPECT_THAT(again, ElementsAre("1"));
  Popped never = first;
  never.topic = "u";
  f.send("u", 0, "never popped in order");
  EXPECT_EQ(f.ack(never), code::kMessageIllegal);
  EXPECT_EQ(f.call(request::kChangeMessageInvisibletime, f.change_header(never, 5)).code, code::kSuccess);
}

TEST(OrderedPopping, GivenOnlyOtherTagsThenTheyArePassedOver) {
  PopFixture f;
  f.send("t", 0, "a", {{"TAGS", "A"}});
  auto header = f.ordered_header("a");
  header.exp = "B";
  EXPECT_THAT(f.pop(header), IsEmpty());
  EXPECT_EQ(f.committed(), 1);
}

TEST(OrderedPopping, GivenABatchOfAcknowledgementsThenTheQueueIsFree) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  const auto first = f.pop(f.ordered_header("a"));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(f.ack_batch(first[0], {0, 1}), code::kSuccess);
  EXPECT_THAT(f.pop_bodies(f.ordered_header("b")), ElementsAre("3"));
}

TEST(Notification, GivenMessagesThenItSaysSoAndTakesNothing) {
  PopFixture f;
  EXPECT_EQ(f.call(request::kNotification, f.notification_header()).code, code::kTopicNotExist);
  f.send_all({"1"});
  EXPECT_TRUE(f.has_message());
  auto of_queue = f.notification_header();
  of_queue.queue_id = 0;
  EXPECT_TRUE(f.has_message(of_queue));
  of_queue.queue_id = 1;
  EXPECT_FALSE(f.has_message(of_queue));
  of_queue.queue_id = 4;
  EXPECT_EQ(f.call(request::kNotification, of_queue).code, code::kInvalidParameter);
  EXPECT_EQ(f.pop(f.pop_header(30)).size(), 1u);
  EXPECT_FALSE(f.has_message());
  auto pending = f.begin(wire::make_request(request::kNotification, f.notification_header(20'000)));
  ASSERT_TRUE(f.run_until([&] { return pending->done(); }));  // the message comes back into the retry topic
  EXPECT_EQ((**pending->answer).fields.get("hasMsg"), "true");
  EXPECT_NE(f.call(request::kNotification, {{"topic", "t"}}).code, code::kSuccess);
}

TEST(Notification, GivenABatchInOrderThenABlockedQueueHasNothing) {
  PopFixture f;
  f.send_all({"1", "2", "3"});
  auto header = f.notification_header();
  header.order = true;
  EXPECT_TRUE(f.has_message(header));
  const auto first = f.pop(f.ordered_header("a"));
  EXPECT_FALSE(f.has_message(header));
  for (const Popped& message : first) f.ack(message);
  EXPECT_TRUE(f.has_message(header));
}

}  // namespace
}  // namespace gantry::broker
