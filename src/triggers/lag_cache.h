// Lag readings shared by all who want the same one: triggers, the page, the report. Who needs more of a pair than the
// last reading was for has it read again, for the needs of both from then on. A reading is good for a while, and
// never is more than one under way for the same topic and group. What reads and fails, throws or goes away leaves
// nobody waiting. On the thread of its io_context.
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

namespace gantry::triggers {

class LagCache {
 public:
  static constexpr std::size_t kEntriesMax = 10'000;  // topic and group pairs; older readings go first

  LagCache(boost::asio::io_context& io, std::shared_ptr<lag::LagSource> source, std::chrono::milliseconds max_age)
      : io_(io), source_(std::move(source)), max_age_(max_age) {}

  // Errors: the source's; internal when the source threw; cancelled when the reading that was waited for went away.
  // With max_age: at most that old; a reading that is under way is young enough.
  boost::asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query) { return read(std::move(query), max_age_); }
  boost::asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query, std::chrono::milliseconds max_age);

 private:
  using Key = std::tuple<std::string, std::string, lag::OffsetResetPolicy>;
  struct Entry {
    std::optional<Result<lag::LagReading>> reading;
    lag::LagNeeds needs{false, false, false, false};  // what the reading, or the one under way, was for
    std::chrono::steady_clock::time_point read_at;
    std::shared_ptr<boost::asio::steady_timer> under_way;  // cancelled when the reading has come
  };

  using Entries = std::map<Key, Entry>;
  class UnderWay;

  boost::asio::io_context& io_;
  std::shared_ptr<lag::LagSource> source_;
  std::chrono::milliseconds max_age_;
  std::shared_ptr<Entries> entries_ = std::make_shared<Entries>();  // a reading that goes away may outlive us
};

}  // namespace gantry::triggers
