#include "triggers/lag_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>

namespace gantry::triggers {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;

// Answers the n-th question with lag n, each when the test says so.
class HeldSource : public lag::LagSource {
 public:
  explicit HeldSource(asio::io_context& io) : gate_(io, std::chrono::steady_clock::time_point::max()) {}

  asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query) override {
    const int number = ++asked;
    needs.push_back(query.needs);
    boost::system::error_code ignored;
    if (held) co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (query.topic == "bad" && !works) co_return fail(Errc::unavailable, "nobody answers");
    lag::LagReading reading;
    reading.lag = number;
    co_return reading;
  }
  void release() { gate_.cancel(); }

  int asked = 0;
  std::vector<lag::LagNeeds> needs;
  bool held = true;
  bool works = false;  // topic "bad" too

 private:
  asio::steady_timer gate_;
};

class LagCacheTest : public testing::Test {
 protected:
  // The lag, -1 for an error.
  void read(LagCache& cache, lag::LagQuery query) {
    asio::co_spawn(io, cache.read(std::move(query)), [&](std::exception_ptr, Result<lag::LagReading> result) {
      answers.push_back(result ? *result->lag : -1);
    });
  }
  void run() {
    io.restart();
    io.poll();
  }

  asio::io_context io{1};
  std::shared_ptr<HeldSource> source = std::make_shared<HeldSource>(io);
  std::vector<std::int64_t> answers;
};

TEST_F(LagCacheTest, GivenSeveralReadersAtOnceThenTheSourceIsAskedOnceAndAllGetItsAnswer) {
  LagCache cache(io, source, 1h);
  for (int i = 0; i < 3; ++i) read(cache, {"t", "g", {}});
  run();
  EXPECT_EQ(source->asked, 1);
  EXPECT_TRUE(answers.empty());
  source->release();
  run();
  EXPECT_THAT(answers, ElementsAre(1, 1, 1));
  read(cache, {"t", "g", {}});  // still fresh
  run();
  EXPECT_EQ(source->asked, 1);
  EXPECT_EQ(answers.size(), 4U);
}

TEST_F(LagCacheTest, GivenAReadingTooOldOrAnotherQuestionThenTheSourceIsAskedAgain) {
  source->held = false;
  LagCache none(io, source, 0ms);
  for (int i = 0; i < 2; ++i) {
    read(none, {"t", "g", {}});
    run();
  }
  EXPECT_THAT(answers, ElementsAre(1, 2));
  LagCache cache(io, source, 1h);
  for (const lag::LagQuery& query : {lag::LagQuery{"t", "g", lag::OffsetResetPolicy::earliest},
                                     lag::LagQuery{"t", "g", lag::OffsetResetPolicy::latest},
                                     lag::LagQuery{"t", "h", lag::OffsetResetPolicy::earliest},
                                     lag::LagQuery{"u", "g", lag::OffsetResetPolicy::earliest}}) {
    read(cache, query);
    run();
  }
  EXPECT_EQ(source->asked, 6);
}

TEST_F(LagCacheTest, GivenAQuestionForANewReadingThenOneThatBeganBeforeIsNoAnswer) {
  LagCache cache(io, source, 1h);
  const auto read_new = [&] {
    asio::co_spawn(io, cache.read({"t", "g", {}}, 0ms), [&](std::exception_ptr, Result<lag::LagReading> result) {
      answers.push_back(result ? *result->lag : -1);
    });
  };
  read(cache, {"t", "g", {}});
  run();
  for (int i = 0; i < 3; ++i) read_new();
  run();
  EXPECT_EQ(source->asked, 1) << "never two at a time";
  source->release();
  run();
  EXPECT_THAT(answers, ElementsAre(1));
  EXPECT_EQ(source->asked, 2) << "one for all three";
  source->release();
  run();
  EXPECT_THAT(answers, ElementsAre(1, 2, 2, 2));
  read_new();
  run();
  EXPECT_EQ(source->asked, 3);
  source->release();
  run();
}

TEST_F(LagCacheTest, GivenAFailureThenWhoeverWaitsGetsItToo) {
  LagCache cache(io, source, 1h);
  read(cache, {"bad", "g", {}});
  read(cache, {"bad", "g", {}});
  run();
  source->release();
  run();
  EXPECT_THAT(answers, ElementsAre(-1, -1));
  EXPECT_EQ(source->asked, 1);
}

TEST_F(LagCacheTest, GivenAReadingThatWasSlowToFindNothingThenTheNextAskerIsToldSoonAndTheReadingGoesOn) {
  LagCache cache(io, source, 0ms, LagCache::ReadAhead::off, 0ms);  // no patience: each failure was slow
  const lag::LagQuery query{"bad", "g", {}};
  read(cache, query);
  run();
  EXPECT_TRUE(answers.empty()) << "nothing is known of it yet";
  source->release();
  run();
  ASSERT_THAT(answers, ElementsAre(-1));

  read(cache, query);
  read(cache, query);
  run();
  EXPECT_THAT(answers, ElementsAre(-1, -1, -1));
  EXPECT_EQ(source->asked, 2) << "one reading goes on";

  source->works = true;
  source->release();
  run();
  read(cache, query);
  run();
  EXPECT_EQ(answers.size(), 3U) << "it is known again: the next one is worth waiting for";
  source->release();
  run();
  EXPECT_EQ(answers.back(), 3);
}

TEST_F(LagCacheTest, GivenTheMomentAfterTheFirstOfThemThenNobodyIsToldYet) {
  LagCache cache(io, source, 1h, LagCache::ReadAhead::off, 20ms);
  const auto began = std::chrono::steady_clock::now();
  read(cache, {"bad", "g", {}});
  run();
  asio::steady_timer hang(io, 21ms);
  hang.async_wait([&](boost::system::error_code) { source->release(); });
  io.restart();
  while (answers.empty()) io.run_one();
  const auto told = std::chrono::steady_clock::now();
  EXPECT_GE(told - began, 20ms);

  read(cache, {"bad", "g", {}});
  io.restart();
  while (answers.size() < 2) io.run_one();

  EXPECT_GE(std::chrono::steady_clock::now() - told, 15ms) << "who waited for the first may still be on its way";
  EXPECT_EQ(source->asked, 1) << "and it is as fresh as ever";
}

TEST_F(LagCacheTest, GivenReadAheadThenWhatHangsIsReadAgainUntilItIsKnown) {
  LagCache cache(io, source, 1s, LagCache::ReadAhead::on, 0ms);
  source->held = false;
  read(cache, {"bad", "g", {}});
  io.restart();
  while (source->asked < 3) io.run_one();
  source->works = true;
  while (source->asked < 4) io.run_one();
  source->held = true;
  read(cache, {"bad", "g", {}});
  run();
  EXPECT_EQ(answers.back(), 4) << "known without a question";
}

TEST_F(LagCacheTest, GivenAReadingThatFailedQuicklyOrWasForLessThenTheNextAskerWaits) {
  LagCache patient(io, source, 0ms, LagCache::ReadAhead::off, 1h);
  source->held = false;
  read(patient, {"bad", "g", {}});
  run();
  source->held = true;
  read(patient, {"bad", "g", {}});
  run();
  EXPECT_EQ(answers.size(), 1U);
  source->release();
  run();
  ASSERT_EQ(answers.size(), 2U);

  LagCache cache(io, source, 0ms, LagCache::ReadAhead::off, 0ms);
  lag::LagQuery query{"bad", "h", {}, lag::LagNeeds{false, false, false, false}};
  read(cache, query);
  run();
  source->release();
  run();
  ASSERT_EQ(answers.size(), 3U);
  query.needs = lag::LagNeeds{true, false, false, false};
  read(cache, query);
  run();
  EXPECT_EQ(answers.size(), 3U);
  source->release();
  run();
  EXPECT_EQ(answers.size(), 4U);
}

// Throws, or keeps its reader until the test destroys it.
class BrokenSource : public lag::LagSource {
 public:
  asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query) override {
    ++asked;
    if (query.topic == "throws") throw std::runtime_error("out of luck");
    auto keep = [this](auto handler) { reader = std::make_shared<decltype(handler)>(std::move(handler)); };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(keep), asio::use_awaitable);
    co_return fail(Errc::internal, "never comes here");
  }

  int asked = 0;
  std::shared_ptr<void> reader;
};

TEST_F(LagCacheTest, GivenASourceThatThrowsThenItIsAnErrorAndTheNextAsksAgain) {
  auto broken = std::make_shared<BrokenSource>();
  LagCache cache(io, broken, 0ms);
  for (int i = 1; i <= 2; ++i) {
    read(cache, {"throws", "g", {}});
    run();
    EXPECT_EQ(answers.size(), static_cast<std::size_t>(i));
    EXPECT_EQ(broken->asked, i);
  }
  EXPECT_THAT(answers, testing::Each(-1));
}

TEST_F(LagCacheTest, GivenAReaderThatIsDestroyedThenWhoeverWaitsIsToldAndTheNextAsksAgain) {
  auto broken = std::make_shared<BrokenSource>();
  LagCache cache(io, broken, 1h);
  read(cache, {"kept", "g", {}});
  read(cache, {"kept", "g", {}});
  run();
  ASSERT_EQ(broken->asked, 1);
  EXPECT_TRUE(answers.empty());
  broken->reader.reset();
  run();
  EXPECT_THAT(answers, ElementsAre(-1)) << "the one that waited";
  read(cache, {"kept", "g", {}});
  run();
  EXPECT_EQ(broken->asked, 2);
  broken->reader.reset();  // a reading keeps its source, and this source its reading
}

TEST_F(LagCacheTest, GivenAReadingUnderWayWhenTheCacheGoesFirstThenTheReaderMayGoLater) {
  auto broken = std::make_shared<BrokenSource>();
  auto cache = std::make_unique<LagCache>(io, broken, 1h);
  read(*cache, {"kept", "g", {}});
  run();
  cache.reset();
  broken->reader.reset();
  run();
  EXPECT_TRUE(answers.empty());
}

TEST_F(LagCacheTest, GivenMorePairsThanItHoldsThenOldReadingsGo) {
  source->held = false;
  LagCache cache(io, source, 0ms);
  for (std::size_t i = 0; i <= LagCache::kEntriesMax; ++i) read(cache, {"t", std::to_string(i), {}});
  run();
  EXPECT_EQ(answers.size(), LagCache::kEntriesMax + 1);
  read(cache, {"t", "0", {}});
  run();
  EXPECT_EQ(source->asked, static_cast<int>(LagCache::kEntriesMax) + 2);
}

TEST_F(LagCacheTest, GivenSomebodyWhoNeedsMoreThenItIsReadAgainForBothFromThenOn) {
  const lag::LagNeeds nothing{false, false, false, false}, age{true, false, false, false},
      retry{false, true, false, false};
  LagCache cache(io, source, 1h);
  lag::LagQuery query{"t", "g", {}, nothing};
  read(cache, query);
  query.needs = age;  // while the reading for less is under way
  read(cache, query);
  run();
  EXPECT_EQ(source->asked, 1) << "never two at a time";
  source->held = false;
  source->release();
  run();
  EXPECT_THAT(answers, testing::UnorderedElementsAre(1, 2));
  query.needs = nothing;
  read(cache, query);
  run();
  EXPECT_EQ(source->asked, 2);
  query.needs = retry;
  read(cache, query);
  run();
  ASSERT_EQ(source->needs.size(), 3U);
  EXPECT_TRUE(source->needs[2].age && source->needs[2].retry && !source->needs[2].consumers);
}

TEST_F(LagCacheTest, GivenSomebodyWhoAsksAtRegularTimesThenItIsReadJustBefore) {
  source->held = false;
  LagCache cache(io, source, 2s, LagCache::ReadAhead::on);
  const auto ask_after = [&](std::chrono::milliseconds gap) {
    io.restart();
    io.run_for(gap);
    read(cache, {"t", "g", {}});
    io.poll();
  };
  ask_after(0ms);
  for (int i = 0; i < 2; ++i) ask_after(2'100ms);
  EXPECT_EQ(source->asked, 3) << "each found the reading too old";
  io.restart();
  io.run_for(2'050ms);
  EXPECT_EQ(source->asked, 4) << "before the question";
  ask_after(50ms);
  EXPECT_EQ(source->asked, 4);
  EXPECT_THAT(answers, ElementsAre(1, 2, 3, 4));
  io.restart();
  io.run_for(4'500ms);  // nobody asks any more
  EXPECT_LE(source->asked, 5);
}

}  // namespace
}  // namespace gantry::triggers
