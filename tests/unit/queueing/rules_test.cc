#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queueing/allocation.h"
#include "queueing/delay_levels.h"
#include "queueing/topic_names.h"

namespace gantry::queueing {
namespace {

TEST(DelayLevels, GivenTheDefaultsThenTheyAreThoseOfApacheRocketmq) {
  const DelayLevels levels = DelayLevels::defaults();
  EXPECT_EQ(levels.max_level(), 18);
  EXPECT_EQ(levels.delay_ms(0), 0);
  EXPECT_EQ(levels.delay_ms(1), 1'000);
  EXPECT_EQ(levels.delay_ms(5), 60'000);
  EXPECT_EQ(levels.delay_ms(18), 7'200'000);
  EXPECT_EQ(levels.delay_ms(99), 7'200'000);
}

TEST(DelayLevels, GivenASendBackThenTheLevelGrowsWithTheTimesConsumed) {
  const DelayLevels levels = DelayLevels::defaults();
  EXPECT_EQ(levels.retry_level(0, 0), 3);
  EXPECT_EQ(levels.retry_level(0, 5), 8);
  EXPECT_EQ(levels.retry_level(0, 1'000'000), 18);
  EXPECT_EQ(levels.retry_level(2, 5), 2) << "the consumer chose";
}

TEST(DelayLevels, GivenTextThatIsNoListOfDelaysThenTheErrorNamesTheWord) {
  EXPECT_EQ(DelayLevels::parse("1s  2d")->delay_ms(2), 172'800'000);
  for (const char* text : {"", "  ", "1", "s", "-1s", "0s", "1x", "1s 2q", "99999999999999h"}) {
    EXPECT_FALSE(DelayLevels::parse(text)) << text;
  }
  EXPECT_THAT(DelayLevels::parse("1s 2q").error().message, testing::HasSubstr("\"2q\""));
}

TEST(SendBack, GivenTheTimesConsumedThenTheVerdictIsRetryOrDeadLetter) {
  EXPECT_EQ(send_back_verdict(0, 15, 16), SendBack::retry);
  EXPECT_EQ(send_back_verdict(0, 16, 16), SendBack::dead_letter);
  EXPECT_EQ(send_back_verdict(-1, 0, 16), SendBack::dead_letter);
}

TEST(TopicNames, GivenAGroupThenItsTopicsAreNamedAsApacheNamesThem) {
  EXPECT_EQ(retry_topic("g"), "%RETRY%g");
  EXPECT_EQ(dead_letter_topic("g"), "%DLQ%g");
  EXPECT_EQ(pop_retry_topic("t", "g"), "%RETRY%g_t");
  EXPECT_EQ(pop_origin_topic("%RETRY%g_t", "g"), "t");
  EXPECT_EQ(pop_origin_topic("%RETRY%g", "g"), "%RETRY%g");
  EXPECT_EQ(pop_origin_topic("t", "g"), "t");
  EXPECT_TRUE(is_retry_topic("%RETRY%g"));
  EXPECT_TRUE(is_dead_letter_topic("%DLQ%g"));
  EXPECT_TRUE(is_system_topic("TBW102"));
  EXPECT_TRUE(is_system_topic("rmq_sys_wheel_timer"));
  EXPECT_FALSE(is_system_topic("orders"));
}

TEST(TopicNames, GivenNamesThenOnlyTheAllowedCharactersAndLengthsAreValid) {
  EXPECT_TRUE(is_valid_topic("%RETRY%a-b_c|d9"));
  EXPECT_TRUE(is_valid_topic(std::string(127, 'a')));
  EXPECT_TRUE(is_valid_group(std::string(255, 'a')));
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("ä"), std::string(128, 'a')}) {
    EXPECT_FALSE(is_valid_topic(bad)) << bad;
  }
  EXPECT_FALSE(is_valid_group(std::string(256, 'a')));
}

std::vector<wire::MessageQueue> queues(int count) {
  std::vector<wire::MessageQueue> all;
  for (int i = 0; i < count; ++i) all.push_back({"b", i, "t"});
  return all;
}

std::vector<std::int32_t> ids(const std::vector<wire::MessageQueue>& names) {
  std::vector<std::int32_t> result;
  for (const auto& name : names) result.push_back(name.queue_id);
  return result;
}

using testing::ElementsAre;
using testing::IsEmpty;

struct AllocationCase {
  int queues;
  std::vector<std::string> clients;
  std::string client;
  std::vector<std::int32_t> averagely;
  std::vector<std::int32_t> by_circle;
};

// What Java's AllocateMessageQueueAveragely and ...AveragelyByCircle give for the same input.
TEST(Allocation, GivenTheTableThenAsJava) {
  const std::vector<AllocationCase> cases = {
      {8, {"a"}, "a", {0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}},
      {8, {"a", "b"}, "b", {4, 5, 6, 7}, {1, 3, 5, 7}},
      {8, {"a", "b", "c"}, "a", {0, 1, 2}, {0, 3, 6}},
      {8, {"a", "b", "c"}, "b", {3, 4, 5}, {1, 4, 7}},
      {8, {"a", "b", "c"}, "c", {6, 7}, {2, 5}},
      {2, {"a", "b", "c"}, "b", {1}, {1}},
      {2, {"a", "b", "c"}, "c", {}, {}},
      {0, {"a"}, "a", {}, {}},
      {4, {"a", "b"}, "stranger", {}, {}},
      {4, {}, "a", {}, {}},
  };
  for (const AllocationCase& c : cases) {
    EXPECT_EQ(ids(allocate_averagely(c.client, queues(c.queues), c.clients)), c.averagely)
        << c.queues << " queues, client " << c.client;
    EXPECT_EQ(ids(allocate_by_circle(c.client, queues(c.queues), c.clients)), c.by_circle)
        << c.queues << " queues, client " << c.client;
  }
}

TEST(Allocation, GivenAnyNumbersThenEveryQueueHasExactlyOneOwner) {
  for (int n = 0; n <= 20; ++n) {
    std::vector<std::string> clients;
    for (char name = 'a'; name <= 'l'; ++name) {
      clients.emplace_back(1, name);
      std::vector<wire::MessageQueue> all;
      for (const std::string& client : clients) {
        for (auto& queue : allocate_averagely(client, queues(n), clients)) all.push_back(queue);
      }
      EXPECT_EQ(all, queues(n)) << n << " queues, " << clients.size() << " clients";
    }
  }
}

TEST(Allocation, GivenPopThenQueuesAreSharedWithNeighboursOrPoppedByAll) {
  const std::vector<std::string> clients = {"a", "b", "c", "d"};
  EXPECT_THAT(ids(allocate_for_pop("a", queues(4), clients, 0)), ElementsAre(-1));
  EXPECT_THAT(ids(allocate_for_pop("a", queues(4), clients, 3)), ElementsAre(-1));
  EXPECT_THAT(ids(allocate_for_pop("d", queues(4), clients, 1)), ElementsAre(3, 0));
  EXPECT_THAT(ids(allocate_for_pop("d", queues(3), clients, 1)), ElementsAre(0)) << "more clients than queues";
  EXPECT_THAT(ids(allocate_for_pop("x", queues(4), clients, 1)), IsEmpty());
}

}  // namespace
}  // namespace gantry::queueing
