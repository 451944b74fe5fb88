#include "triggers/lag_cache.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gantry::triggers {

using boost::asio::awaitable;
using SteadyClock = std::chrono::steady_clock;

// The mark of a reading under way. However its coroutine ends, destroyed with its io_context too, the mark goes and
// all who wait for it wake up.
class LagCache::UnderWay {
 public:
  UnderWay(boost::asio::io_context& io, std::shared_ptr<Entries> entries, Key key)
      : entries_(std::move(entries)),
        key_(std::move(key)),
        done_(std::make_shared<boost::asio::steady_timer>(io, SteadyClock::time_point::max())) {
    Entry& entry = (*entries_)[key_];
    entry.reading.reset();  // an old one is not the answer to those who wait for the new one
    entry.under_way = done_;
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    (*entries_)[key_].under_way.reset();
    done_->cancel();
  }

  void ended(const Result<lag::LagReading>& reading) {
    Entry& entry = (*entries_)[key_];
    entry.reading = reading;
    entry.read_at = SteadyClock::now();
  }

 private:
  std::shared_ptr<Entries> entries_;
  Key key_;
  std::shared_ptr<boost::asio::steady_timer> done_;
};

awaitable<Result<lag::LagReading>> LagCache::read(lag::LagQuery query, std::chrono::milliseconds max_age) {
  const Key key{query.topic, query.group, query.policy};
  const auto entries = entries_;
  // one that is under way for less is waited for too: never two at a time
  while (true) {
    Entry& entry = (*entries)[key];
    const bool covered = entry.needs.covers(query.needs);
    if (!entry.under_way) {
      if (covered && entry.reading && SteadyClock::now() - entry.read_at < max_age) co_return *entry.reading;
      break;
    }
    auto done = entry.under_way;
    boost::system::error_code cancelled;
    co_await done->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    auto found = entries->find(key);
    if (found == entries->end() || (!found->second.reading && !found->second.under_way))
      co_return fail(Errc::cancelled, "the reading of {}/{} was given up", std::get<0>(key), std::get<1>(key));
    if (covered && found->second.reading) co_return *found->second.reading;
  }
  query.needs = query.needs.with((*entries)[key].needs);
  (*entries)[key].needs = query.needs;

  Result<lag::LagReading> reading = fail(Errc::internal, "not read");
  {
    UnderWay under_way(io_, entries, key);
    try {
      reading = co_await source_->read(std::move(query));
    } catch (const std::exception& error) {
      reading =
          fail(Errc::internal, "the reading of {}/{} failed: {}", std::get<0>(key), std::get<1>(key), error.what());
    }
    under_way.ended(reading);
  }
  if (entries->size() > kEntriesMax) {
    std::erase_if(*entries, [&](const auto& other) {
      return !other.second.under_way && SteadyClock::now() - other.second.read_at > max_age_ && other.first != key;
    });
  }
  co_return reading;
}

}  // namespace gantry::triggers
