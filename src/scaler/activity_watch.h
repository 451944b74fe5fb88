// Says when triggers become active, within a moment of the first message: what StreamIsActive pushes to KEDA. Triggers of
// the same metadata are watched once, however many streams ask. While there is nothing to consume a broker is waited for
// (triggers/arrival_polls.h); what a broker cannot be waited for, such as a backlog below the threshold, is looked at
// again and again. Lives on the thread of its io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kube/rocketmq_trigger.h"
#include "scaler/activity_steps.h"
#include "triggers/trigger_reader.h"

namespace gantry::scaler {

class ActivityWatch {
 public:
  // Called on our thread with every answer that differs from the one before; the first one is given as soon as it is known.
  using Changed = std::function<void(bool active)>;
  using Id = std::uint64_t;

  ActivityWatch(boost::asio::io_context& io, std::shared_ptr<triggers::TriggerReader> reader,
                ActivityWatchConfig config = {});
  ~ActivityWatch();
  ActivityWatch(const ActivityWatch&) = delete;
  ActivityWatch& operator=(const ActivityWatch&) = delete;

  // `key` stands for the trigger: equal keys are equal triggers.
  Result<Id> subscribe(const std::string& key, const kube::RocketmqTriggerMetadata& trigger, Changed changed);
  void unsubscribe(Id id);  // unknown ids are ignored

  // Somebody else read the trigger, and its subscribers were told there that it is inactive: KEDA by its poll. Whatever comes
  // from now on is news to them. Unknown keys are ignored.
  void told_inactive(const std::string& key);

  std::size_t triggers() const;
  void stop();

 private:
  struct Trigger;
  struct State;
  static boost::asio::awaitable<void> watch(std::shared_ptr<State> state, std::shared_ptr<Trigger> trigger);
  static boost::asio::awaitable<triggers::ArrivalPolls::Outcome> wait_for_arrival(std::shared_ptr<State> state,
                                                                                  std::shared_ptr<Trigger> trigger);
  static boost::asio::awaitable<void> pause_until_look(std::shared_ptr<State> state, std::shared_ptr<Trigger> trigger);
  static void tell(Trigger& trigger);

  std::shared_ptr<State> state_;
};

}  // namespace gantry::scaler
