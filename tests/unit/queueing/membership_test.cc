#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queueing/group_membership.h"
#include "queueing/queue_locks.h"

namespace gantry::queueing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Member member(std::string id, ConnectionId connection, std::int64_t now_ms = 0) {
  Member m;
  m.client_id = std::move(id);
  m.connection = connection;
  m.last_seen_ms = now_ms;
  return m;
}

Subscription subscription(std::string topic, std::int64_t version = 1) {
  Subscription s;
  s.topic = std::move(topic);
  s.sub_version = version;
  return s;
}

TEST(Subscription, GivenExpressionsThenTagsAndHashesAsJava) {
  for (const char* all : {"", "*", " * "}) {
    const auto data = subscribe("t", all, 7);
    EXPECT_EQ(data.sub_string, "*");
    EXPECT_THAT(data.tags_set, IsEmpty());
    EXPECT_TRUE(matches_tag(data, "anything"));
    EXPECT_EQ(data.sub_version, 7);
  }
  const auto some = subscribe("t", "TagA || TagB||", 1);
  EXPECT_THAT(some.tags_set, ElementsAre("TagA", "TagB"));
  EXPECT_THAT(some.code_set, ElementsAre(2598919, 2598920));  // Java: "TagA".hashCode()
  EXPECT_TRUE(matches_tag(some, "TagB"));
  EXPECT_FALSE(matches_tag(some, "TagC"));
  EXPECT_FALSE(matches_tag(some, ""));
}

TEST(GroupMembership, GivenANewMemberThenEveryMemberIsToldOnce) {
  GroupMembership groups;
  EXPECT_THAT(groups.heartbeat("g", {}, member("a", 1), {subscription("t")})->notify, ElementsAre(1));
  EXPECT_THAT(groups.heartbeat("g", {}, member("a", 1), {subscription("t")})->notify, IsEmpty());
  EXPECT_THAT(groups.heartbeat("g", {}, member("b", 2), {subscription("t")})->notify, UnorderedElementsAre(1, 2));
  EXPECT_THAT(groups.client_ids("g"), ElementsAre("a", "b"));
  EXPECT_THAT(groups.groups_of_topic("t"), ElementsAre("g"));
}

TEST(GroupMembership, GivenAClosedConnectionThenTheOthersOfEachOfItsGroupsAreTold) {
  GroupMembership groups;
  groups.heartbeat("g", {}, member("a", 1), {subscription("t")});
  groups.heartbeat("g", {}, member("b", 2), {subscription("t")});
  groups.heartbeat("h", {}, member("a", 1), {subscription("u")});
  const auto changes = groups.connection_closed(1);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].group, "g");
  EXPECT_THAT(changes[0].notify, ElementsAre(2));
  EXPECT_THAT(changes[1].notify, IsEmpty());
  EXPECT_EQ(groups.find("h"), nullptr);
  EXPECT_THAT(groups.client_ids("h"), IsEmpty());
  EXPECT_THAT(groups.unregister("h", 1).notify, IsEmpty());
}

TEST(GroupMembership, GivenASilentMemberThenItIsDropped) {
  GroupMembership groups;
  groups.heartbeat("g", {}, member("a", 1, 0), {subscription("t")});
  groups.heartbeat("g", {}, member("b", 2, 100'000), {subscription("t")});
  EXPECT_THAT(groups.drop_silent(GroupMembership::kSilenceMsMax), IsEmpty());
  const auto changes = groups.drop_silent(GroupMembership::kSilenceMsMax + 1);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_THAT(changes[0].notify, ElementsAre(2));
  groups.drop_silent(1'000'000);
  EXPECT_EQ(groups.find("g"), nullptr);
}

TEST(GroupMembership, GivenSubscriptionsThatChangeThenTheNewestVersionCountsAndDroppedTopicsGo) {
  GroupMembership groups;
  groups.heartbeat("g", {}, member("a", 1), {subscription("t", 2), subscription("u")});
  Subscription newer = subscription("t", 3);
  newer.sub_string = "x";
  newer.code_set = {120};
  Subscription older = subscription("t", 1);
  older.sub_string = "old";
  EXPECT_THAT(groups.heartbeat("g", {}, member("a", 1), {newer})->notify, ElementsAre(1)) << "u was dropped";
  groups.heartbeat("g", {}, member("a", 1), {older});
  ASSERT_NE(groups.subscription("g", "t"), nullptr);
  EXPECT_EQ(groups.subscription("g", "t")->sub_string, "x");
  EXPECT_EQ(groups.subscription("g", "u"), nullptr);
  EXPECT_EQ(groups.subscription("nobody", "t"), nullptr);
  EXPECT_TRUE(matches_code(newer, 120));
  EXPECT_FALSE(matches_code(newer, 121));
  EXPECT_TRUE(matches_code(subscription("t"), 121));
}

TEST(GroupMembership, GivenTooManySubscriptionsThenTheHeartbeatIsRefused) {
  GroupMembership groups;
  std::vector<Subscription> many;
  for (std::size_t i = 0; i <= GroupMembership::kSubscriptionsMax; ++i) many.push_back(subscription(std::to_string(i)));
  EXPECT_EQ(groups.heartbeat("g", {}, member("a", 1), many).error().code, Errc::resource_exhausted);
}

TEST(GroupMembership, GivenTooManyMembersThenFurtherOnesAreRefused) {
  GroupMembership groups;
  for (std::size_t i = 0; i < GroupMembership::kMembersMax; ++i)
    ASSERT_TRUE(groups.heartbeat("g", {}, member("a", i), {}));
  EXPECT_EQ(groups.heartbeat("g", {}, member("a", 1u << 30), {}).error().code, Errc::resource_exhausted);
}

TEST(QueueLocks, GivenALockThenOthersGetItOnlyWhenReleasedOrExpired) {
  QueueLocks locks;
  EXPECT_TRUE(locks.try_lock("g", "t@b@0", "a", 0));
  EXPECT_FALSE(locks.try_lock("g", "t@b@0", "b", 60'000));
  EXPECT_TRUE(locks.try_lock("other", "t@b@0", "b", 0)) << "locks are per group";
  EXPECT_TRUE(locks.try_lock("g", "t@b@0", "a", 60'000)) << "renewed";
  EXPECT_FALSE(locks.try_lock("g", "t@b@0", "b", 120'000));
  EXPECT_TRUE(locks.try_lock("g", "t@b@0", "b", 120'001));
  locks.unlock("g", "t@b@0", "a");
  EXPECT_FALSE(locks.try_lock("g", "t@b@0", "a", 120'002)) << "only the holder unlocks";
  locks.unlock("g", "t@b@0", "b");
  EXPECT_TRUE(locks.try_lock("g", "t@b@0", "a", 120'003));
  locks.forget_expired(500'000);
  EXPECT_EQ(locks.size(), 0u);
}

}  // namespace
}  // namespace gantry::queueing
