#include "triggers/lag_cache.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/spawn.h"

namespace gantry::triggers {

using boost::asio::awaitable;
using SteadyClock = std::chrono::steady_clock;

// The mark of a reading under way. However its coroutine ends, destroyed with its io_context too, the mark goes and
// all who wait for it wake up.
class LagCache::UnderWay {
 public:
  UnderWay(std::shared_ptr<State> state, Key key)
      : state_(std::move(state)),
        key_(std::move(key)),
        done_(std::make_shared<boost::asio::steady_timer>(state_->io, SteadyClock::time_point::max())) {
    Entry& entry = state_->entries[key_];
    entry.reading.reset();  // an old one is not the answer to those who wait for the new one
    entry.needs = entry.needed.all();
    entry.number = ++state_->readings_begun;
    entry.under_way = done_;
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    state_->entries[key_].under_way.reset();
    done_->cancel();
  }

  void ended(const Result<lag::LagReading>& reading) {
    Entry& entry = state_->entries[key_];
    entry.reading = reading;
    entry.read_at = SteadyClock::now();
  }

 private:
  std::shared_ptr<State> state_;
  Key key_;
  std::shared_ptr<boost::asio::steady_timer> done_;
};

LagCache::LagCache(boost::asio::io_context& io, std::shared_ptr<lag::LagSource> source,
                   std::chrono::milliseconds max_age, ReadAhead read_ahead)
    : ahead_(read_ahead == ReadAhead::on && max_age > kAhead),  // else it would be too old when it is asked for
      state_(std::make_shared<State>(State{io, std::move(source), max_age, {}, 0, 0, {}})),
      alarm_(io, [this] { this->read_ahead(); }) {
  if (ahead_) alarm_.ring_after(kAheadInterval);
}

awaitable<Result<lag::LagReading>> LagCache::read(lag::LagQuery query, std::chrono::milliseconds max_age) {
  const Key key{query.topic, query.group, query.policy};
  const auto state = state_;
  // who takes older or only new readings is none of those whose questions are foreseen
  if (max_age == state->max_age) state->entries[key].asks.asked(SteadyClock::now());
  state->entries[key].needed.asked(query.needs, SteadyClock::now());
  const std::uint64_t number_min = max_age > max_age.zero() ? 0 : state->readings_begun + 1;
  // one that is under way for less, or too early, is waited for too: never two at a time
  while (true) {
    Entry& entry = state->entries[key];
    const bool covered = entry.needs.covers(query.needs) && entry.number >= number_min;
    if (!entry.under_way) {
      if (covered && entry.reading && SteadyClock::now() - entry.read_at < max_age) co_return *entry.reading;
      break;
    }
    auto done = entry.under_way;
    boost::system::error_code cancelled;
    co_await done->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    auto found = state->entries.find(key);
    if (found == state->entries.end() || (!found->second.reading && !found->second.under_way))
      co_return fail(Errc::cancelled, "the reading of {}/{} was given up", std::get<0>(key), std::get<1>(key));
    if (covered && found->second.reading) co_return *found->second.reading;
  }
  co_return co_await fetch(state, key);
}

awaitable<Result<lag::LagReading>> LagCache::fetch(std::shared_ptr<State> state, Key key) {
  Result<lag::LagReading> reading = fail(Errc::internal, "not read");
  {
    UnderWay under_way(state, key);
    lag::LagQuery query{std::get<0>(key), std::get<1>(key), std::get<2>(key), state->entries[key].needs};
    try {
      reading = co_await state->source->read(std::move(query));
    } catch (const std::exception& error) {
      reading =
          fail(Errc::internal, "the reading of {}/{} failed: {}", std::get<0>(key), std::get<1>(key), error.what());
    }
    under_way.ended(reading);
  }
  // not at each reading: while none is old enough to go, that would cost the square of their number
  const auto now = SteadyClock::now();
  if (state->entries.size() > kEntriesMax && now - state->swept_at > state->max_age) {
    state->swept_at = now;
    std::erase_if(state->entries, [&](const auto& other) {
      return !other.second.under_way && now - other.second.read_at > state->max_age && other.first != key;
    });
  }
  co_return reading;
}

awaitable<void> LagCache::fetch_ahead(std::shared_ptr<State> state, Key key) {
  co_await fetch(state, std::move(key));
  --state->ahead_under_way;
}

void LagCache::read_ahead() {
  alarm_.ring_after(kAheadInterval);
  const auto now = SteadyClock::now();
  for (auto& [key, entry] : state_->entries) {
    if (state_->ahead_under_way >= kAheadAtOnceMax) {
      alarm_.ring_after(kAheadInterval / 10);
      return;
    }
    const auto next = entry.asks.next();
    if (!next || entry.under_way || *next < now || *next - now > kAhead || now - entry.read_at <= kAhead) continue;
    ++state_->ahead_under_way;
    net::spawn(state_->io, "a reading ahead", fetch_ahead(state_, key));
  }
}

}  // namespace gantry::triggers
