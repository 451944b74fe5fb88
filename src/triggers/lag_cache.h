// Lag readings shared by all who want the same one: triggers, the page, the report. Who needs more of a pair than the
// last reading was for has it read again, for the needs of both as long as both ask (recent_needs.h). A reading is good for a while, and
// never is more than one under way for the same topic and group. What reads and fails, throws or goes away leaves
// nobody waiting. On the thread of its io_context.
//
// With read-ahead, a pair that is asked for at regular times is read shortly before it is asked for again, together with
// others: their requests share writes, answers and wake-ups, which is most of what a single reading costs, and who asks
// does not wait.
//
// While a broker hangs, every reading lasts its whole timeout. Who asks then is told at once what the last one said, that
// something is unknown, and the next reading goes on by itself until it is known. That is more than courtesy: since
// version 2.20 KEDA takes a question for answered with "not active" when its cache was cleared meanwhile, because the
// other place that asks (its polls, its metrics server) had an error; the less time between question and error, the less
// often. For the same reason nobody is told in the first moment after those who waited for the first such reading.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "lag/source.h"
#include "net/alarm.h"
#include "triggers/ask_pattern.h"
#include "triggers/recent_needs.h"

namespace gantry::triggers {

class LagCache {
 public:
  static constexpr std::size_t kEntriesMax = 10'000;  // topic and group pairs; older readings go first
  static constexpr std::chrono::milliseconds kAheadInterval{250};
  static constexpr std::chrono::milliseconds kAhead{500};  // before the question, at most
  static constexpr std::size_t kAheadAtOnceMax = 32;       // so that other work of the thread is not held up

  static constexpr std::chrono::milliseconds kSlow{50};  // a reading of this time; and the moment after the first one
  static constexpr std::chrono::minutes kUnknownFor{2};  // what a slow reading did not find is told for so long

  enum class ReadAhead { off, on };

  LagCache(boost::asio::io_context& io, std::shared_ptr<lag::LagSource> source, std::chrono::milliseconds max_age,
           ReadAhead read_ahead = ReadAhead::off, std::chrono::milliseconds slow = kSlow);

  // Errors: the source's; internal when the source threw; cancelled when the reading that was waited for went away.
  // With max_age: at most that old; a reading that is under way is young enough. Zero: one that begins after this call,
  // shared with all who ask before it begins.
  boost::asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query) {
    return read(std::move(query), state_->max_age);
  }
  boost::asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query, std::chrono::milliseconds max_age);

 private:
  using Key = std::tuple<std::string, std::string, lag::OffsetResetPolicy>;
  struct Entry {
    std::optional<Result<lag::LagReading>> reading;
    RecentNeeds needed;
    lag::LagNeeds needs = kNoNeeds;  // what the reading, or the one under way, was for
    std::uint64_t number = 0;        // of that reading: counted over all pairs as they begin
    std::chrono::steady_clock::time_point read_at;
    std::shared_ptr<boost::asio::steady_timer> under_way;  // cancelled when the reading has come
    std::optional<Result<lag::LagReading>> unknown;        // the last reading when it was slow and lacked something
    lag::LagNeeds unknown_needs = kNoNeeds;
    std::chrono::steady_clock::time_point unknown_since;  // the first of them in a row
    AskPattern asks;

    bool may_tell_unknown(const lag::LagNeeds& wanted) const;
    bool is_due(std::chrono::steady_clock::time_point now) const;
  };

  using Entries = std::map<Key, Entry>;
  class UnderWay;
  // Outlives us for as long as a reading is under way.
  struct State {
    boost::asio::io_context& io;
    std::shared_ptr<lag::LagSource> source;
    std::chrono::milliseconds max_age;
    std::chrono::milliseconds slow;
    Entries entries;
    std::uint64_t readings_begun = 0;
    std::size_t ahead_under_way = 0;
    std::chrono::steady_clock::time_point swept_at{};  // when old readings were looked for last
  };

  static boost::asio::awaitable<Result<lag::LagReading>> fetch(std::shared_ptr<State> state, Key key);
  static boost::asio::awaitable<Result<lag::LagReading>> fetch(std::shared_ptr<State> state, Key key,
                                                               std::unique_ptr<UnderWay> under_way);
  static boost::asio::awaitable<void> fetch_for_later(std::shared_ptr<State> state, Key key,
                                                      std::unique_ptr<UnderWay> under_way);
  static boost::asio::awaitable<void> fetch_ahead(std::shared_ptr<State> state, Key key);
  void read_ahead();

  bool ahead_;
  std::shared_ptr<State> state_;
  net::Alarm alarm_;
};

}  // namespace gantry::triggers
