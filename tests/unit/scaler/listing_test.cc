// What the page lists: states, search, order, pages, and what fails most.
#include "scaler/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "triggers/trigger_value.h"

namespace gantry::scaler {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kNow = 1'700'000'000'000;

kube::RocketmqTriggerMetadata trigger_on(const std::string& topic) {
  kube::RocketmqTriggerMetadata trigger;
  trigger.topics = {topic};
  trigger.consumer_group = topic + "-workers";
  trigger.lag_threshold = 100;
  return trigger;
}

Result<triggers::TriggerRead> lag_of_messages(double lag) {
  triggers::TriggerRead read;
  read.value.active = lag > 0;
  read.value.metrics.push_back({std::string(triggers::kLagMetric), lag, {}, {}});
  return read;
}

Result<triggers::TriggerRead> unknown_because(const std::string& why) {
  triggers::TriggerRead read;
  read.value.metrics.push_back({std::string(triggers::kLagMetric), std::unexpected(why), {}, {}});
  return read;
}

class Listed : public testing::Test {
 protected:
  void ask(const std::string& name, const Result<triggers::TriggerRead>& read, const std::string& error = {},
           std::int64_t at_ms = kNow) {
    const auto trigger = trigger_on(name);
    objects.record({name, "shop", {}}, &trigger, &read, error, at_ms);
  }
  std::vector<std::string> names(const ListQuery& query) {
    std::vector<std::string> names;
    for (const TriggerRecord* record : list(objects, query, kNow).shown) names.push_back(record->name);
    return names;
  }
  ScaledObjects objects;
};

// KEDA polls all triggers of an object together, so one that is left out of the polls was edited or taken out.
class Replaced : public testing::Test {
 protected:
  void poll(const std::string& topic, std::int64_t at_ms) {
    const auto trigger = trigger_on(topic);
    const auto read = lag_of_messages(5);
    objects.record({"orders", "shop", {}}, &trigger, &read, {}, at_ms);
  }
  std::size_t rows() const { return objects.records().size(); }
  ScaledObjects objects;
};

TEST_F(Replaced, GivenOtherMetadataThenTheOldRowEndsAfterTwoPolls) {
  for (int i = 0; i < 3; ++i) poll("orders-typo", kNow + i * 20'000);
  poll("orders", kNow + 45'000);
  poll("orders", kNow + 65'000);
  EXPECT_EQ(rows(), 2) << "may be late";
  poll("orders", kNow + 85'000);
  ASSERT_EQ(rows(), 1);
  EXPECT_THAT(objects.records().begin()->second.topics, ElementsAre("orders"));
}

TEST_F(Replaced, GivenTwoTriggersThatAreAliveThenBothStayHoweverSeldomOneIsAsked) {
  for (std::int64_t ms = 0; ms < 1'200'000; ms += 15'000) {
    poll("often", kNow + 1'000 + ms);  // by the HPA too
    if (ms % 300'000 == 0) poll("seldom", kNow + ms);
    ASSERT_EQ(rows(), 2) << ms;
  }
}

TEST_F(Replaced, GivenTheOlderOneIsAskedAndTheNewerNotThenTheNewerIsNotReplacedByIt) {
  for (int i = 0; i < 10; ++i) {
    poll("older", kNow + i * 20'000);
    if (i == 1 || i == 2) poll("newer", kNow + i * 20'000 + 1);
  }
  EXPECT_EQ(rows(), 2) << "it is not asked, as after its end";
}

TEST_F(Replaced, GivenAnOpenStreamThenTheTriggerIsAlive) {
  objects.pushes({"orders", "shop", {}}, trigger_on("pushed"), true);
  poll("pushed", kNow);
  poll("pushed", kNow + 2'000);
  for (int i = 1; i < 10; ++i) poll("other", kNow + i * 20'000);
  EXPECT_EQ(rows(), 2);
}

TEST_F(Listed, GivenAllStatesThenErrorsComeFirstAndEachIsCounted) {
  ask("a-idle", lag_of_messages(0));
  ask("b-active", lag_of_messages(5));
  ask("c-error", unknown_because("no route"), "whether shop/c-error is active is unknown: no route");
  ask("d-gone", lag_of_messages(5), {}, kNow - ScaledObjects::kQuietAfterMs - 1);
  EXPECT_THAT(names({}), ElementsAre("c-error", "b-active", "a-idle", "d-gone"));
  EXPECT_THAT(list(objects, {}, kNow).counts, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(names({.state = TriggerState::idle}), ElementsAre("a-idle"));
  EXPECT_THAT(names({.order = ListOrder::name, .reverse = true}),
              ElementsAre("d-gone", "c-error", "b-active", "a-idle"));
}

TEST_F(Listed, GivenLagThenTheLargestComesFirstAndUnknownBeforeIt) {
  ask("a", lag_of_messages(5));
  ask("b", lag_of_messages(50));
  ask("c", unknown_because("no route"), "no");
  EXPECT_THAT(names({.order = ListOrder::lag}), ElementsAre("c", "b", "a"));
}

TEST_F(Listed, GivenASearchThenObjectTopicAndGroupAreSearchedInAnyCase) {
  ask("Orders", lag_of_messages(0));
  ask("bills", lag_of_messages(0));
  const auto found = [&](std::map<std::string, std::string, std::less<>> query) {
    const auto parsed = parse_list_query(query);
    return parsed ? names(*parsed) : std::vector<std::string>{parsed.error().message};
  };
  EXPECT_THAT(found({{"q", "oRDER"}}), ElementsAre("Orders"));
  EXPECT_THAT(found({{"q", "shop/b"}}), ElementsAre("bills"));
  EXPECT_THAT(found({{"q", "bills-workers"}}), ElementsAre("bills"));
  EXPECT_THAT(found({{"q", "nothing"}}), IsEmpty());
}

TEST_F(Listed, GivenMoreThanAPageThenOffsetAndLimitChoose) {
  for (int i = 0; i < 250; ++i) ask(fmt::format("o-{:03}", i), lag_of_messages(0));
  const Listing second = list(objects, {.offset = 100, .limit = 100}, kNow);
  EXPECT_EQ(second.matched, 250);
  ASSERT_THAT(second.shown, SizeIs(100));
  EXPECT_EQ(second.shown.front()->name, "o-100");
  EXPECT_THAT(names({.offset = 240}), SizeIs(10));
  EXPECT_THAT(names({.offset = 1'000}), IsEmpty());
}

TEST_F(Listed, GivenOneReasonForManyThenItIsToldOnceWithItsCount) {
  for (int i = 0; i < 5; ++i) ask(fmt::format("o-{}", i), unknown_because("no route"), fmt::format("answer {}", i));
  for (int i = 0; i < 7; ++i) ask(fmt::format("p-{}", i), unknown_because(fmt::format("reason {}", i)), "no");
  const Listing listing = list(objects, {}, kNow);
  ASSERT_THAT(listing.problems, SizeIs(Listing::kProblemsMax));
  EXPECT_EQ(listing.problems[0].error, "no route");
  EXPECT_EQ(listing.problems[0].triggers, 5);
  EXPECT_EQ(listing.problems[0].first->name, "o-0");
  EXPECT_EQ(listing.problems_left_out, 4);
}

TEST(ListQuery, GivenWhatIsNotAllowedThenTheErrorNamesIt) {
  const struct {
    std::map<std::string, std::string, std::less<>> query;
    const char* error;
  } rows[] = {
      {{{"state", "bad"}}, "state: expected one of error, active, idle, not_asked, got \"bad\""},
      {{{"sort", "size"}}, "sort: expected one of state, name, lag, asked, got \"size\""},
      {{{"order", "up"}}, "order: expected one of asc, desc"},
      {{{"limit", "501"}}, "limit: expected a number up to 500, got \"501\""},
      {{{"limit", "-1"}}, "limit: expected a number up to 500"},
      {{{"offset", "x"}}, "offset: expected a number up to 10000"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_list_query(row.query);
    ASSERT_FALSE(parsed) << row.error;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr(row.error));
  }
  EXPECT_TRUE(parse_list_query({{"state", ""}, {"unheard", "of"}}));
}

TEST_F(Listed, GivenPollsThatAreRareThenATriggerIsAskedAboutForThreeOfThem) {
  constexpr std::int64_t kPoll = 600'000;
  ask("rare", lag_of_messages(0), {}, kNow - 2 * kPoll);
  ask("rare", lag_of_messages(0), {}, kNow - kPoll);
  EXPECT_THAT(names({.state = TriggerState::idle}), ElementsAre("rare"));
  objects.forget_old(kNow + kPoll);
  EXPECT_THAT(objects.records(), SizeIs(1));
  objects.forget_old(kNow + 3 * kPoll);
  EXPECT_THAT(objects.records(), IsEmpty());
}

TEST_F(Listed, GivenMetadataThatIsMendedThenItsErrorIsOver) {
  const ScaledObjectRef ref{"orders", "shop", {{"topic", "orders"}, {"consumerGroup", "orders-workers"}}};
  objects.record(ref, nullptr, nullptr, "lagThreshold: expected a positive integer, got \"x\"", kNow);
  ASSERT_THAT(names({.state = TriggerState::error}), ElementsAre("orders"));
  EXPECT_EQ(objects.records().begin()->second.consumer_group, "orders-workers");
  ask("orders", lag_of_messages(1));
  EXPECT_THAT(names({}), ElementsAre("orders"));
  EXPECT_THAT(names({.state = TriggerState::error}), IsEmpty());
  EXPECT_THAT(objects.records().begin()->second.newest_error, HasSubstr("lagThreshold"));
}

TEST_F(Listed, GivenNameServersThatAreMendedThenTheirErrorIsOver) {
  const ScaledObjectRef ref{
      "orders", "shop", {{"topic", "orders"}, {"consumerGroup", "orders-workers"}, {"nameServers", "mq"}}};
  objects.record(ref, nullptr, nullptr, "nameServers: expected addresses host:port", kNow);
  ASSERT_THAT(names({.state = TriggerState::error}), ElementsAre("orders"));
  ask("orders", lag_of_messages(1));
  EXPECT_THAT(names({}), ElementsAre("orders"));
  EXPECT_THAT(names({.state = TriggerState::error}), IsEmpty());
}

TEST_F(Listed, GivenTwoTriggersOfOneObjectInDifferentClustersThenEachHasItsRecord) {
  const ScaledObjectRef ref{"orders", "shop", {}};
  auto east = trigger_on("orders"), west = east, east_again = east;
  east.name_servers = {"east-1:9876", "east-2:9876"};
  east_again.name_servers = {"East-2:9876", "east-1:9876"};
  west.name_servers = {"west:9876"};
  for (const auto* trigger : {&east, &west, &east_again}) objects.pushes(ref, *trigger, true);
  ASSERT_EQ(objects.records().size(), 2U);
  EXPECT_EQ(objects.records().begin()->second.streams, 2U) << "the same, written in another way";
}

TEST_F(Listed, GivenAStreamThatIsReplacedThenPushesStays) {
  const auto trigger = trigger_on("orders");
  const ScaledObjectRef ref{"orders", "shop", {}};
  objects.pushes(ref, trigger, true);
  objects.pushes(ref, trigger, true);
  objects.pushes(ref, trigger, false);
  EXPECT_EQ(objects.records().begin()->second.streams, 1);
  EXPECT_THAT(names({.state = TriggerState::not_asked}), ElementsAre("orders"));
  objects.pushes(ref, trigger, false);
  objects.pushes(ref, trigger, false);
  EXPECT_EQ(objects.records().begin()->second.streams, 0);
}

}  // namespace
}  // namespace gantry::scaler
