// One ScaledObject on this machine: waits until scaling is due, reads its triggers, decides, and asks the target for
// replicas. A failing reading never stops it; it is an unknown value that the decision explains.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "kube/scaled_object.h"
#include "scaling/autoscaler.h"

namespace gantry::autoscaler {

// Epoch milliseconds by the system's clock.
std::int64_t now_ms();

// What is scaled. Called on the runner's thread only.
struct ScaleTarget {
  struct Replicas {
    std::int32_t desired = 0;   // what was last asked for
    std::int32_t existing = 0;  // processes that exist, also those that are ending
    std::int32_t ready = 0;     // running
  };
  std::function<Replicas()> replicas;
  std::function<void(std::int32_t)> scale;
};

// Reads one trigger of the object; what fails is an error inside the reading. One trigger is read after the other.
using ReadTrigger = std::function<boost::asio::awaitable<scaling::TriggerReading>(const kube::Trigger& trigger)>;

// Epoch milliseconds; for what is shown only, it may jump.
using WallClock = std::function<std::int64_t()>;

// Made by std::make_shared: its coroutine keeps it alive until the step at hand has ended.
class ScaledObjectRunner : public std::enable_shared_from_this<ScaledObjectRunner> {
 public:
  // How often an `external-push` trigger is looked at while its target has no replicas: an idle workload starts within
  // this time of the first message instead of at the next poll.
  static constexpr std::chrono::milliseconds kPushInterval{200};

  // All on the one thread that runs `io`. `object` must have triggers, `spec` come from spec_of(object).
  ScaledObjectRunner(boost::asio::io_context& io, kube::ScaledObject object, scaling::ScaledObjectSpec spec,
                     ScaleTarget target, ReadTrigger read, WallClock wall_clock = now_ms);

  void start();
  void stop();  // no further decision is made; replicas stay as they are

  const kube::ScaledObject& object() const { return object_; }
  const scaling::Autoscaler& autoscaler() const { return *autoscaler_; }
  scaling::Explanation explain() const;  // of the newest decision, seen from now
  ScaleTarget::Replicas replicas() const { return target_.replicas(); }
  // Of the newest decision, by the wall clock; empty before the first.
  std::optional<std::int64_t> decided_at_ms() const { return decided_at_ms_; }
  std::optional<bool> active() const { return active_; }
  const std::string& last_error() const { return last_error_; }  // empty: the last readings all succeeded

 private:
  boost::asio::awaitable<void> run(std::shared_ptr<ScaledObjectRunner> self);
  boost::asio::awaitable<scaling::Observation> observe();
  bool watches_push() const;
  void decide(const scaling::Observation& observation);

  boost::asio::io_context& io_;
  kube::ScaledObject object_;
  ScaleTarget target_;
  ReadTrigger read_;
  WallClock wall_clock_;
  std::unique_ptr<scaling::Autoscaler> autoscaler_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
  std::optional<std::int64_t> decided_at_ms_;
  std::optional<bool> active_;
  std::string last_error_;
};

}  // namespace gantry::autoscaler
