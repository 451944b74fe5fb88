#include "autoscaler/lag_cache.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gantry::autoscaler {

using boost::asio::awaitable;
using SteadyClock = std::chrono::steady_clock;

awaitable<Result<lag::LagReading>> LagCache::read(lag::LagQuery query) {
  const Key key{query.topic, query.group, query.policy};
  // references into the map stay valid over the awaits: entries under way are never erased
  if (Entry& entry = entries_[key]; entry.under_way) {
    auto done = entry.under_way;
    boost::system::error_code cancelled;
    co_await done->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    auto found = entries_.find(key);
    if (found != entries_.end() && found->second.reading) co_return *found->second.reading;
    co_return fail(Errc::cancelled, "the reading of {}/{} was given up", query.topic, query.group);
  }
  Entry& entry = entries_[key];
  if (entry.reading && SteadyClock::now() - entry.read_at < max_age_) co_return *entry.reading;

  auto done = std::make_shared<boost::asio::steady_timer>(io_, SteadyClock::time_point::max());
  entry.under_way = done;
  auto reading = co_await source_->read(std::move(query));
  entry.reading = reading;
  entry.read_at = SteadyClock::now();
  entry.under_way.reset();
  done->cancel();
  if (entries_.size() > kEntriesMax) {
    std::erase_if(entries_, [&](const auto& other) {
      return !other.second.under_way && SteadyClock::now() - other.second.read_at > max_age_ && other.first != key;
    });
  }
  co_return reading;
}

}  // namespace gantry::autoscaler
