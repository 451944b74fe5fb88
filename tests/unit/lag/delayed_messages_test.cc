// Which topics held back messages are for: every rule of reading each of them once, as what a broker said, what was
// pulled then, and the numbers.
#include "lag/delayed_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::lag {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Pull = DelayedMessages::Pull;

// A broker's log of a level: the topic of each offset.
struct Log {
  std::int64_t min = 0;
  std::vector<std::string> topics;
};

// Reads all that is asked for, so many at a time; returns how many pulls that took.
int read_all(DelayedMessages& delayed, const std::map<std::int32_t, Log>& logs, std::size_t batch = 2) {
  int count = 0;
  for (auto pulls = delayed.next_pulls(); !pulls.empty(); pulls = delayed.next_pulls()) {
    for (const Pull& pull : pulls) {
      ++count;
      std::vector<DelayedMessages::Message> messages;
      const Log& log = logs.at(pull.level);
      std::int64_t at = pull.offset;
      for (; messages.size() < batch && at < static_cast<std::int64_t>(log.topics.size()); ++at)
        messages.push_back({at, log.topics[static_cast<std::size_t>(at)]});
      if (!delayed.pulled(pull, at, messages)) return -1;
    }
  }
  return count;
}

TEST(DelayedMessagesTest, GivenNothingToldOrNothingWaitingThenNothingIsPulledAndEveryCountIsZero) {
  DelayedMessages delayed;
  EXPECT_EQ(delayed.count("t"), 0);
  delayed.told({{1, {0, 0, 0}}, {2, {0, 9, 9}}, {3, {5, 9, 9}}, {18, {0, 9, 10}}});
  EXPECT_THAT(delayed.next_pulls(), IsEmpty());
  EXPECT_EQ(delayed.waiting(), 0);
  EXPECT_EQ(delayed.count("t"), 0);
}

TEST(DelayedMessagesTest, GivenMessagesInSeveralLevelsThenTheyAreCountedByTheTopicThatTheyAreFor) {
  DelayedMessages delayed;
  delayed.told({{1, {0, 5, 2}}, {3, {0, 1, 0}}});
  EXPECT_THAT(delayed.next_pulls(), ElementsAre(Pull{1, 2}, Pull{3, 0}));
  EXPECT_EQ(delayed.count("t").error().code, Errc::unavailable);
  EXPECT_EQ(read_all(delayed, {{1, {0, {"t", "t", "t", "u", "t"}}}, {3, {0, {"%RETRY%g"}}}}), 3);
  EXPECT_EQ(delayed.count("t"), 2);
  EXPECT_EQ(delayed.count("u"), 1);
  EXPECT_EQ(delayed.count("%RETRY%g"), 1);
  EXPECT_EQ(delayed.count("other"), 0);
}

TEST(DelayedMessagesTest, GivenSomeDeliveredAndSomeNewThenOnlyTheNewAreRead) {
  DelayedMessages delayed;
  delayed.told({{1, {0, 4, 0}}});
  read_all(delayed, {{1, {0, {"t", "u", "t", "u"}}}});
  delayed.told({{1, {0, 5, 3}}});
  EXPECT_THAT(delayed.next_pulls(), ElementsAre(Pull{1, 4}));
  read_all(delayed, {{1, {0, {"t", "u", "t", "u", "v"}}}});
  EXPECT_EQ(delayed.count("t"), 0);
  EXPECT_EQ(delayed.count("u"), 1);
  EXPECT_EQ(delayed.count("v"), 1);
  delayed.told({{1, {0, 5, 5}}});
  EXPECT_EQ(delayed.count("u"), 0);
  EXPECT_EQ(delayed.read(), 0);
}

TEST(DelayedMessagesTest, GivenALevelThatIsNotReadYetThenTheReasonTellsHowFarItIs) {
  DelayedMessages delayed;
  delayed.told({{1, {0, 4, 0}}, {2, {0, 3, 0}}});
  ASSERT_TRUE(delayed.pulled({1, 0}, 2, std::vector<DelayedMessages::Message>{{0, "t"}, {1, "t"}}));
  EXPECT_THAT(delayed.count("t").error().message, HasSubstr("2 of 7 messages read"));
  // also for a topic that has none so far: it may be among the others
  EXPECT_FALSE(delayed.count("u"));
}

// What happened between two answers, and from where the level is read then.
struct Change {
  const char* name;
  DelayLevelFacts before, after;
  std::vector<Pull> pulls;
};

TEST(DelayedMessagesTest, GivenOffsetsThatDoNotContinueThenTheLevelIsReadAgain) {
  const Change changes[] = {
      {"nothing happened", {0, 4, 1}, {0, 4, 1}, {}},
      {"delivered", {0, 4, 1}, {0, 4, 3}, {}},
      {"delivered, and the end was asked before", {0, 4, 1}, {0, 4, 6}, {}},
      {"new", {0, 4, 1}, {0, 6, 1}, {{1, 4}}},
      {"the oldest expired", {0, 4, 1}, {2, 4, 1}, {}},
      {"all expired and new came", {0, 4, 1}, {5, 6, 1}, {{1, 5}}},
      {"delivered beyond what was read", {0, 4, 1}, {0, 9, 7}, {{1, 7}}},
      {"delivery went back", {0, 4, 2}, {0, 4, 0}, {{1, 0}}},
      {"the queue is shorter", {0, 4, 1}, {0, 3, 1}, {{1, 1}}},
      {"the queue is empty", {0, 4, 1}, {0, 0, 0}, {}},
      {"a new log", {0, 4, 1}, {0, 2, 0}, {{1, 0}}},
      {"nonsense", {0, 4, 1}, {-5, -1, -7}, {}},
  };
  for (const Change& change : changes) {
    DelayedMessages delayed;
    delayed.told({{1, change.before}});
    read_all(delayed, {{1, {0, {"t", "t", "t", "t"}}}});
    delayed.told({{1, change.after}});
    EXPECT_EQ(delayed.next_pulls(), change.pulls) << change.name;
  }
}

TEST(DelayedMessagesTest, GivenALevelThatIsNotToldAnyMoreThenItsMessagesAreForgotten) {
  DelayedMessages delayed;
  delayed.told({{1, {0, 2, 0}}});
  read_all(delayed, {{1, {0, {"t", "t"}}}});
  delayed.told({});
  EXPECT_EQ(delayed.count("t"), 0);
  EXPECT_EQ(delayed.read(), 0);
}

TEST(DelayedMessagesTest, GivenMessagesThatAreGoneThenTheirOffsetsCountForNobody) {
  DelayedMessages delayed;
  delayed.told({{1, {0, 6, 0}}});
  ASSERT_TRUE(delayed.pulled({1, 0}, 4, std::vector<DelayedMessages::Message>{{1, "t"}, {2, ""}}));
  EXPECT_THAT(delayed.next_pulls(), ElementsAre(Pull{1, 4}));
  ASSERT_TRUE(delayed.pulled({1, 4}, INT64_MAX, {}));
  EXPECT_EQ(delayed.count("t"), 1);
}

TEST(DelayedMessagesTest, GivenAnAnswerThatSaysNothingNewOrIsLateThenItIsIgnored) {
  DelayedMessages delayed;
  const std::vector<DelayedMessages::Message> two{{0, "t"}, {1, "t"}};
  EXPECT_FALSE(delayed.pulled({1, 0}, 2, two));  // nobody asked
  delayed.told({{1, {0, 3, 0}}});
  EXPECT_FALSE(delayed.pulled({1, 0}, 0, {}));
  EXPECT_FALSE(delayed.pulled({1, 0}, -1, {}));
  EXPECT_TRUE(delayed.pulled({1, 0}, 2, two));
  EXPECT_FALSE(delayed.pulled({1, 0}, 2, two));
  EXPECT_FALSE(delayed.pulled({2, 0}, 2, two));
  EXPECT_EQ(delayed.read(), 2);
}

TEST(DelayedMessagesTest, GivenMessagesThatCameSinceTheEndWasToldThenTheyWaitForTheNextReading) {
  DelayedMessages delayed;
  delayed.told({{1, {0, 1, 0}}});
  ASSERT_TRUE(delayed.pulled({1, 0}, 3, std::vector<DelayedMessages::Message>{{0, "t"}, {1, "t"}, {2, "t"}}));
  EXPECT_EQ(delayed.count("t"), 1);
  delayed.told({{1, {0, 3, 0}}});
  EXPECT_THAT(delayed.next_pulls(), ElementsAre(Pull{1, 1}));
}

TEST(DelayedMessagesTest, GivenMoreThanAreCountedThenNothingIsReadAndTheReasonSaysWhatToDo) {
  DelayedMessages delayed(3);
  delayed.told({{1, {0, 3, 0}}});
  read_all(delayed, {{1, {0, {"t", "t", "t"}}}});
  EXPECT_EQ(delayed.count("t"), 3);
  delayed.told({{1, {0, 3, 0}}, {2, {0, INT64_MAX, 0}}, {3, {0, INT64_MAX, 0}}});
  EXPECT_THAT(delayed.next_pulls(), IsEmpty());
  EXPECT_EQ(delayed.read(), 0);
  EXPECT_EQ(delayed.count("t").error().code, Errc::resource_exhausted);
  EXPECT_THAT(delayed.count("t").error().message, HasSubstr("leave includeDelayed out"));
  delayed.told({{1, {0, 3, 1}}});
  EXPECT_EQ(read_all(delayed, {{1, {0, {"t", "t", "t"}}}}), 1);
  EXPECT_EQ(delayed.count("t"), 2);
}

TEST(DelayedMessagesTest, GivenTopicsThatComeAndGoThenTheirNumbersAreUsedAgain) {
  DelayedMessages delayed;
  for (int round = 0; round < 1'000; ++round) {
    const std::string topic = "t" + std::to_string(round);
    delayed.told({{1, {0, round + 1, round}}});
    ASSERT_TRUE(delayed.pulled({1, round}, round + 1, std::vector<DelayedMessages::Message>{{round, topic}}));
    EXPECT_EQ(delayed.count(topic), 1);
    EXPECT_EQ(delayed.count("t" + std::to_string(round - 1)), 0);
  }
}

}  // namespace
}  // namespace gantry::lag
