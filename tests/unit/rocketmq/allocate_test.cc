#include "rocketmq/allocate.h"

#include <gtest/gtest.h>

namespace gantry::rocketmq {
namespace {

std::vector<MessageQueue> queues(int n) {
  std::vector<MessageQueue> result;
  for (int i = 0; i < n; ++i) result.push_back({"broker-a", i, "t"});
  return result;
}

std::vector<int> ids(const std::vector<MessageQueue>& queues) {
  std::vector<int> result;
  for (const auto& queue : queues) result.push_back(queue.queue_id);
  return result;
}

struct Case {
  int queues;
  std::vector<std::string> members;
  std::string self;
  std::vector<int> mine;
};

// What Java's AllocateMessageQueueAveragely gives for the same input.
TEST(AllocateAveragely, GivenTheTableThenAsJava) {
  const std::vector<Case> cases = {
      {8, {"a"}, "a", {0, 1, 2, 3, 4, 5, 6, 7}},
      {8, {"a", "b"}, "b", {4, 5, 6, 7}},
      {8, {"a", "b", "c"}, "a", {0, 1, 2}},
      {8, {"a", "b", "c"}, "b", {3, 4, 5}},
      {8, {"a", "b", "c"}, "c", {6, 7}},
      {2, {"a", "b", "c"}, "b", {1}},
      {2, {"a", "b", "c"}, "c", {}},
      {0, {"a"}, "a", {}},
      {4, {"a", "b"}, "stranger", {}},
      {4, {}, "a", {}},
      {4, {"b", "a", "b"}, "b", {2, 3}},  // unsorted, and a name twice
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ids(allocate_averagely(queues(c.queues), c.members, c.self)), c.mine)
        << c.queues << " queues, member " << c.self;
  }
}

TEST(AllocateAveragely, GivenAnyNumbersThenEveryQueueHasExactlyOneOwner) {
  for (int n = 0; n <= 20; ++n) {
    for (int members = 1; members <= 12; ++members) {
      std::vector<std::string> names;
      for (int i = 0; i < members; ++i) names.push_back("client-" + std::to_string(i));
      std::vector<MessageQueue> all;
      for (const std::string& name : names) {
        for (auto& queue : allocate_averagely(queues(n), names, name)) all.push_back(queue);
      }
      std::sort(all.begin(), all.end());
      EXPECT_EQ(all, queues(n)) << n << " queues, " << members << " members";
    }
  }
}

}  // namespace
}  // namespace gantry::rocketmq
