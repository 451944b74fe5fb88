#include "scaler/activity_watch.h"

#include "net/spawn.h"
#include "rocketmq/gather.h"
#include "scaler/look_budget.h"
#include "triggers/trigger_value.h"

namespace gantry::scaler {

using boost::asio::awaitable;
using std::chrono::milliseconds;
using Outcome = triggers::ArrivalPolls::Outcome;

struct ActivityWatch::Trigger {
  Trigger(boost::asio::io_context& io, std::string key, kube::RocketmqTriggerMetadata metadata, ActivitySteps steps)
      : key(std::move(key)),
        metadata(std::move(metadata)),
        what(fmt::format("{}/{}", this->metadata.consumer_group, fmt::join(this->metadata.topics, ","))),
        steps(steps),
        wakeup(io) {}

  std::string key;
  kube::RocketmqTriggerMetadata metadata;
  std::string what;  // that is read for it
  std::map<Id, Changed> subscribers;
  ActivitySteps steps;
  rocketmq::Wakeup wakeup;
  bool ended = false;
};

struct ActivityWatch::State {
  boost::asio::io_context& io;
  std::shared_ptr<triggers::TriggerReader> reader;
  ActivityWatchConfig config;
  std::map<std::string, std::shared_ptr<Trigger>> triggers;
  std::map<Id, std::shared_ptr<Trigger>> by_id;
  LookBudget looks;
  Id last_id = 0;
  bool stopped = false;
};

ActivityWatch::ActivityWatch(boost::asio::io_context& io, std::shared_ptr<triggers::TriggerReader> reader,
                             ActivityWatchConfig config)
    : state_(std::make_shared<State>(State{io,
                                           std::move(reader),
                                           config,
                                           {},
                                           {},
                                           LookBudget(config.look_interval, config.looks_per_second_max),
                                           0,
                                           false})) {}

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
    trigger = std::make_shared<Trigger>(state_->io, key, metadata,
                                        ActivitySteps(state_->config, state_->reader->reading_max_age()));
    net::spawn(state_->io, "the watch of a trigger", watch(state_, trigger));
  }
  const Id id = ++state_->last_id;
  if (trigger->steps.active()) changed(*trigger->steps.active());
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

void ActivityWatch::told_inactive(const std::string& key) {
  const auto found = state_->triggers.find(key);
  if (found == state_->triggers.end() || !found->second->steps.told_inactive()) return;
  const auto trigger = found->second;
  trigger->wakeup.notify();
  tell(*trigger);
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

void ActivityWatch::tell(Trigger& trigger) {
  const bool active = trigger.steps.active().value_or(false);
  const auto subscribers = trigger.subscribers;  // one may unsubscribe while it is told
  for (const auto& [id, changed] : subscribers) {
    if (trigger.subscribers.contains(id)) changed(active);
  }
}

awaitable<void> ActivityWatch::pause_until_look(std::shared_ptr<State> state, std::shared_ptr<Trigger> trigger) {
  const auto cluster = state->reader->cluster_of(trigger->metadata);
  const void* at = cluster ? cluster->cluster.get() : nullptr;
  state->looks.begin(at, trigger->what);
  const milliseconds pause = state->looks.until_next(at, trigger->what, LookBudget::Clock::now());
  co_await trigger->wakeup.wait(pause);
  trigger->steps.looked(state->looks.interval(at));
  state->looks.end(at, trigger->what);
}

awaitable<void> ActivityWatch::watch(std::shared_ptr<State> state, std::shared_ptr<Trigger> trigger) {
  using Step = ActivitySteps::Step;
  ActivitySteps& steps = trigger->steps;
  while (!trigger->ended) {
    const std::uint64_t turn = steps.turn();
    const Step step = steps.step();
    if (step == Step::read) {
      const auto read = co_await state->reader->read(trigger->metadata, steps.max_age());
      if (trigger->ended || turn != steps.turn()) continue;
      if (steps.was_read(read ? read->value.active : std::nullopt)) tell(*trigger);
    } else if (step == Step::pause) {
      co_await trigger->wakeup.wait(steps.pause());
      if (turn == steps.turn()) steps.paused();
    } else if (step == Step::wait) {
      const Outcome outcome = co_await wait_for_arrival(state, trigger);
      if (turn == steps.turn()) steps.waited(outcome);
    } else {
      co_await pause_until_look(state, trigger);
    }
  }
}

}  // namespace gantry::scaler
