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
        begun_at_(SteadyClock::now()),
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
    const bool unknown = !reading || !reading->unknown.empty();
    if (!unknown || entry.read_at - begun_at_ < state_->slow) return entry.unknown.reset();
    if (!entry.unknown) entry.unknown_since = entry.read_at;
    entry.unknown = reading;
    entry.unknown_needs = entry.needs;
  }

 private:
  std::shared_ptr<State> state_;
  Key key_;
  SteadyClock::time_point begun_at_;
  std::shared_ptr<boost::asio::steady_timer> done_;
};

bool LagCache::Entry::may_tell_unknown(const lag::LagNeeds& wanted) const {
  return unknown && unknown_needs.covers(wanted) && SteadyClock::now() - read_at < kUnknownFor;
}

// To be read ahead of the question. What hangs is tried again and again for as long as somebody asks.
bool LagCache::Entry::is_due(SteadyClock::time_point now) const {
  if (unknown) return needed.asked_lately(now);
  const auto next = asks.next();
  return next && *next >= now && *next - now <= kAhead && now - read_at > kAhead;
}

LagCache::LagCache(boost::asio::io_context& io, std::shared_ptr<lag::LagSource> source,
                   std::chrono::milliseconds max_age, ReadAhead read_ahead,
                   std::chrono::milliseconds slow)
    : ahead_(read_ahead == ReadAhead::on && max_age > kAhead),  // else it would be too old when it is asked for
      state_(std::make_shared<State>(State{io, std::move(source), max_age, slow, {}, 0, 0, {}})),
      alarm_(io, [this] { this->read_ahead(); }) {
  if (ahead_) alarm_.ring_after(kAheadInterval);
}

awaitable<Result<lag::LagReading>> LagCache::read(lag::LagQuery query, std::chrono::milliseconds max_age) {
  const Key key{query.topic, query.group, query.policy};
  const auto state = state_;
  // who takes older or only new readings is none of those whose questions are foreseen, and has the patience
  const bool usual = max_age == state->max_age;
  if (usual) state->entries[key].asks.asked(SteadyClock::now());
  state->entries[key].needed.asked(query.needs, SteadyClock::now());
  const std::uint64_t number_min = max_age > max_age.zero() ? 0 : state->readings_begun + 1;
  // one that is under way for less, or too early, is waited for too: never two at a time
  while (true) {
    Entry& entry = state->entries[key];
    const bool covered = entry.needs.covers(query.needs) && entry.number >= number_min;
    const bool fresh = covered && entry.reading && SteadyClock::now() - entry.read_at < max_age;
    if (usual && entry.may_tell_unknown(query.needs)) {
      if (!fresh && !entry.under_way)
        net::spawn(state->io, "a reading for later",
                   fetch_for_later(state, key, std::make_unique<UnderWay>(state, key)));
      if (const auto from = entry.unknown_since + state->slow; SteadyClock::now() < from) {
        boost::asio::steady_timer moment(state->io, from);
        co_await moment.async_wait(boost::asio::use_awaitable);
        continue;
      }
      co_return *entry.unknown;
    }
    if (!entry.under_way) {
      if (fresh) co_return *entry.reading;
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
  auto under_way = std::make_unique<UnderWay>(state, key);
  co_return co_await fetch(std::move(state), std::move(key), std::move(under_way));
}

awaitable<Result<lag::LagReading>> LagCache::fetch(std::shared_ptr<State> state, Key key,
                                                   std::unique_ptr<UnderWay> under_way) {
  Result<lag::LagReading> reading = fail(Errc::internal, "not read");
  {
    const auto mark = std::move(under_way);
    lag::LagQuery query{std::get<0>(key), std::get<1>(key), std::get<2>(key), state->entries[key].needs};
    try {
      reading = co_await state->source->read(std::move(query));
    } catch (const std::exception& error) {
      reading =
          fail(Errc::internal, "the reading of {}/{} failed: {}", std::get<0>(key), std::get<1>(key), error.what());
    }
    mark->ended(reading);
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

awaitable<void> LagCache::fetch_for_later(std::shared_ptr<State> state, Key key, std::unique_ptr<UnderWay> under_way) {
  co_await fetch(std::move(state), std::move(key), std::move(under_way));
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
    if (entry.under_way || !entry.is_due(now)) continue;
    ++state_->ahead_under_way;
    net::spawn(state_->io, "a reading ahead", fetch_ahead(state_, key));
  }
}

}  // namespace gantry::triggers
