#include "scaler/activity_watch.h"

#include <algorithm>

#include "net/spawn.h"
#include "rocketmq/gather.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using Outcome = triggers::ArrivalPolls::Outcome;

namespace {
// A broker may see something to consume that the trigger does not count: then it is not asked again for so many looks.
constexpr int kLooksInstead = 10;
}  // namespace

struct ActivityWatch::Trigger {
  Trigger(boost::asio::io_context& io, std::string key, kube::RocketmqTriggerMetadata metadata)
      : key(std::move(key)), metadata(std::move(metadata)), wakeup(io) {}

  std::string key;
  kube::RocketmqTriggerMetadata metadata;
  std::map<Id, Changed> subscribers;
  std::optional<bool> active;
  rocketmq::Wakeup wakeup;
  bool ended = false;
};

struct ActivityWatch::State {
  boost::asio::io_context& io;
  std::shared_ptr<triggers::TriggerReader> reader;
  ActivityWatchConfig config;
  std::map<std::string, std::shared_ptr<Trigger>> triggers;
  std::map<Id, std::shared_ptr<Trigger>> by_id;
  Id last_id = 0;
  std::size_t lookers = 0;  // triggers that are looked at because no broker can be waited for
  bool stopped = false;

  // However many look, together they do not read more often than they may.
  milliseconds look_interval() const {
    return std::max(config.look_interval, milliseconds(lookers * 1'000 / config.looks_per_second_max));
  }
};

ActivityWatch::ActivityWatch(boost::asio::io_context& io, std::shared_ptr<triggers::TriggerReader> reader,
                             ActivityWatchConfig config)
    : state_(std::make_shared<State>(State{io, std::move(reader), config, {}, {}, 0, 0, false})) {}

ActivityWatch::~ActivityWatch() { stop(); }

Result<ActivityWatch::Id> ActivityWatch::subscribe(const std::string& key,
                                                   const kube::RocketmqTriggerMetadata& metadata, Changed changed) {
  if (state_->stopped) return fail(Errc::cancelled, "the scaler is stopping");
  auto& trigger = state_->triggers[key];
  if (!trigger) {
    if (state_->triggers.size() > state_->config.triggers_max) {
      state_->triggers.erase(key);
      return fail(Errc::resource_exhausted, "{} triggers are watched already, the most that one scaler serves",
                  state_->config.triggers_max);
    }
    trigger = std::make_shared<Trigger>(state_->io, key, metadata);
    net::spawn(state_->io, "the watch of a trigger", watch(state_, trigger));
  }
  const Id id = ++state_->last_id;
  if (trigger->active) changed(*trigger->active);
  trigger->subscribers.emplace(id, std::move(changed));
  state_->by_id.emplace(id, trigger);
  return id;
}

void ActivityWatch::unsubscribe(Id id) {
  auto found = state_->by_id.find(id);
  if (found == state_->by_id.end()) return;
  auto trigger = found->second;
  state_->by_id.erase(found);
  trigger->subscribers.erase(id);
  if (!trigger->subscribers.empty()) return;
  trigger->ended = true;
  trigger->wakeup.notify();
  state_->triggers.erase(trigger->key);
}

std::size_t ActivityWatch::triggers() const { return state_->triggers.size(); }

void ActivityWatch::stop() {
  state_->stopped = true;
  for (auto& [key, trigger] : state_->triggers) {
    trigger->ended = true;
    trigger->wakeup.notify();
  }
  state_->triggers.clear();
  state_->by_id.clear();
}

awaitable<Outcome> ActivityWatch::wait_for_arrival(std::shared_ptr<State> state, std::shared_ptr<Trigger> trigger) {
  auto cluster = state->reader->cluster_of(trigger->metadata);
  if (!cluster) co_return Outcome::impossible;
  struct Waits {
    std::size_t left = 0;
    bool arrived = false, impossible = false;
  };
  auto waits = std::make_shared<Waits>();
  for (lag::LagQuery& query : triggers::lag_queries(trigger->metadata)) {
    ++waits->left;
    net::spawn(state->io, "the wait of a trigger",
               [](auto cluster, auto trigger, auto waits, std::string topic, std::string group,
                  milliseconds at_most) -> awaitable<void> {
                 const Outcome outcome = co_await cluster.arrivals->wait(std::move(topic), std::move(group), at_most);
                 --waits->left;
                 waits->arrived = waits->arrived || outcome == Outcome::arrived;
                 waits->impossible = waits->impossible || outcome == Outcome::impossible;
                 trigger->wakeup.notify();
               }(*cluster, trigger, waits, std::move(query.topic), std::move(query.group), state->config.poll_time));
  }
  while (waits->left > 0 && !waits->arrived && !waits->impossible && !trigger->ended)
    co_await trigger->wakeup.wait(rocketmq::kUntilWoken);
  if (waits->arrived) co_return Outcome::arrived;
  co_return waits->impossible ? Outcome::impossible : Outcome::nothing;
}

void ActivityWatch::tell(Trigger& trigger, bool active) {
  if (trigger.active == active) return;
  trigger.active = active;
  const auto subscribers = trigger.subscribers;  // one may unsubscribe while it is told
  for (const auto& [id, changed] : subscribers) {
    if (trigger.subscribers.contains(id)) changed(active);
  }
}

awaitable<void> ActivityWatch::watch(std::shared_ptr<State> state, std::shared_ptr<Trigger> trigger) {
  milliseconds error_wait = state->config.error_interval;
  bool fresh = false;  // the cache may be older than what a broker said
  Outcome outcome = Outcome::nothing;
  int looks = 0;
  while (!trigger->ended) {
    milliseconds max_age = fresh ? milliseconds::zero() : state->reader->reading_max_age();
    // what KEDA's polls have read tells as well when an active trigger is so no more
    if (trigger->active == true) max_age = 2 * state->config.active_interval;
    auto read = co_await state->reader->read(trigger->metadata, max_age);
    if (trigger->ended) break;
    fresh = false;
    if (!read || !read->value.active) {
      co_await trigger->wakeup.wait(error_wait);
      error_wait = std::min(error_wait * 2, state->config.active_interval);
      continue;
    }
    error_wait = state->config.error_interval;
    const bool active = *read->value.active;
    tell(*trigger, active);
    if (active) {
      outcome = Outcome::nothing;
      looks = 0;
      co_await trigger->wakeup.wait(state->config.active_interval);
      continue;
    }
    fresh = true;
    if (outcome == Outcome::arrived) looks = kLooksInstead;
    if (looks > 0) {
      --looks;
      outcome = Outcome::impossible;
    } else {
      outcome = co_await wait_for_arrival(state, trigger);
    }
    if (outcome != Outcome::impossible) continue;
    ++state->lookers;
    co_await trigger->wakeup.wait(state->look_interval());
    --state->lookers;
  }
}

}  // namespace gantry::scaler
