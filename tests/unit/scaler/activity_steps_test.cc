#include "scaler/activity_steps.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "scaler/look_budget.h"

namespace gantry::scaler {
namespace {

using std::chrono::milliseconds;
using Step = ActivitySteps::Step;
using Outcome = triggers::ArrivalPolls::Outcome;

struct Read {  // a reading, and whether it is news
  std::optional<bool> active;
  bool changed;
};
struct Paused {};
struct Looked {};
struct Told {  // by KEDA's poll that it is inactive
  bool news;
};
using Event = std::variant<Read, Outcome, Paused, Looked, Told>;

// What happens, and what is to be done then: `ms` is max_age() of a reading, pause() of a pause.
struct Happens {
  Event event;
  Step then;
  int ms = -1;
};

void play(ActivitySteps& steps, const std::vector<Happens>& story) {
  for (std::size_t i = 0; i < story.size(); ++i) {
    const Event& event = story[i].event;
    if (const auto* read = std::get_if<Read>(&event)) {
      EXPECT_EQ(steps.was_read(read->active), read->changed) << i;
    }
    if (const auto* outcome = std::get_if<Outcome>(&event)) steps.waited(*outcome);
    if (std::holds_alternative<Paused>(event)) steps.paused();
    if (std::holds_alternative<Looked>(event)) steps.looked(milliseconds(100));
    if (const auto* told = std::get_if<Told>(&event)) {
      EXPECT_EQ(steps.told_inactive(), told->news) << i;
    }
    EXPECT_EQ(steps.step(), story[i].then) << i;
    if (story[i].ms < 0) continue;
    EXPECT_EQ((steps.step() == Step::pause ? steps.pause() : steps.max_age()).count(), story[i].ms) << i;
  }
}

TEST(ActivitySteps, GivenWhatAWatchLearnsThenItDoesTheNextThing) {
  struct Row {
    const char* name;
    std::vector<Happens> story;
  };
  const std::vector<Row> rows = {
      {"idle, a message, consumed",
       {{Read{false, true}, Step::wait},
        {Outcome::nothing, Step::read, 2'000},
        {Read{false, false}, Step::wait},
        {Outcome::arrived, Step::read, 0},
        {Read{true, true}, Step::pause, 5'000},
        {Paused{}, Step::read, 10'000},
        {Read{true, false}, Step::pause, 5'000},
        {Paused{}, Step::read, 10'000},
        {Read{false, true}, Step::wait}}},
      {"a broker that cannot be waited for",
       {{Read{false, true}, Step::wait},
        {Outcome::impossible, Step::look},
        {Looked{}, Step::read, 50},
        {Read{false, false}, Step::wait}}},
      {"unknown, twice",
       {{Read{{}, false}, Step::pause, 1'000},
        {Paused{}, Step::read, 2'000},
        {Read{{}, false}, Step::pause, 2'000},
        {Paused{}, Step::read, 2'000},
        {Read{true, true}, Step::pause, 5'000},
        {Paused{}, Step::read, 10'000},
        {Read{{}, false}, Step::pause, 1'000},
        {Paused{}, Step::read, 2'000}}},
      {"KEDA was told that it is inactive before the watch has seen it",
       {{Read{true, true}, Step::pause, 5'000},
        {Told{true}, Step::read, 0},
        {Told{false}, Step::read, 0},
        {Read{false, false}, Step::wait},
        {Told{false}, Step::wait},
        {Outcome::arrived, Step::read, 0},
        {Read{true, true}, Step::pause, 5'000}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    ActivitySteps steps({}, milliseconds(2'000));
    EXPECT_EQ(steps.step(), Step::read);
    play(steps, row.story);
  }
}

TEST(ActivitySteps, GivenABrokerThatSeesWhatDoesNotCountThenItIsLookedAtInsteadForAWhile) {
  ActivitySteps steps({}, milliseconds(2'000));
  play(steps, {{Read{false, true}, Step::wait}, {Outcome::arrived, Step::read, 0}, {Read{false, false}, Step::look}});
  for (int look = 0; look < 9; ++look) play(steps, {{Looked{}, Step::read, 50}, {Read{false, false}, Step::look}});
  play(steps, {{Looked{}, Step::read, 50}, {Read{false, false}, Step::wait}});
}

TEST(ActivitySteps, GivenAReadingUnderWayWhenKedaIsToldOtherwiseThenItsTurnIsOver) {
  ActivitySteps steps({}, milliseconds(2'000));
  steps.was_read(true);
  steps.paused();
  const auto turn = steps.turn();
  steps.told_inactive();
  EXPECT_NE(steps.turn(), turn);
  EXPECT_EQ(steps.active(), false);
}

TEST(LookBudget, GivenManyThatLookThenOneClusterIsNotAskedTooOftenAndOthersAreNotMadeToWait) {
  LookBudget looks(milliseconds(100), 100);
  const int big = 0, small = 0;
  for (int i = 0; i < 50; ++i) looks.begin(&big, std::to_string(i));
  looks.begin(&small, "1");
  EXPECT_EQ(looks.interval(&big).count(), 500);
  EXPECT_EQ(looks.interval(&small).count(), 100);
  for (int i = 0; i < 50; ++i) looks.begin(&big, "1");
  EXPECT_EQ(looks.interval(&big).count(), 500) << "one look serves all of a topic and group";
  for (int i = 0; i < 50; ++i) looks.end(&big, std::to_string(i));
  for (int i = 0; i < 50; ++i) looks.end(&big, "1");
  EXPECT_EQ(looks.interval(&big).count(), 100);
}

TEST(LookBudget, GivenSeveralOfOneTopicAndGroupThenTheyLookAtTheSameTime) {
  LookBudget looks(milliseconds(100), 100);
  const int cluster = 0;
  for (int i = 0; i < 20; ++i) looks.begin(&cluster, std::to_string(i));
  const LookBudget::Clock::time_point start(std::chrono::hours(7));
  const auto first = start + looks.until_next(&cluster, "workers/orders", start);
  for (int ms = 1; ms < 1'000; ++ms) {
    const auto now = start + milliseconds(ms);
    const auto left = looks.until_next(&cluster, "workers/orders", now);
    EXPECT_GT(left.count(), 0);
    EXPECT_LE(left.count(), 200);
    EXPECT_EQ((now + left - first).count() % std::chrono::nanoseconds(milliseconds(200)).count(), 0) << ms;
  }
}

}  // namespace
}  // namespace gantry::scaler
