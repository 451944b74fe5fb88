// The record of a run: samples over time, and the verdict on whether the burst was absorbed. Values in, values out.
#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "up/delivery_tally.h"

namespace gantry::up {

// Everything watched, summed, at one moment. Empty: unknown.
struct Sample {
  double t_s = 0;  // since the start
  std::optional<std::int64_t> lag;
  std::optional<std::int64_t> in_flight;
  std::optional<std::int64_t> oldest_age_ms;
  std::optional<std::int64_t> retry;     // in the groups' retry topics: they wait there or are in work again
  std::int32_t replicas = 0;             // running
  std::optional<std::int64_t> incoming;  // stored in the watched topics since the start, whoever sent it
  std::optional<std::int64_t> sent;      // of these, by our generator; empty also without one
  std::optional<std::int64_t> consumed;
};

boost::json::object to_json(const Sample& sample);

// Samples since the start. Beyond samples_max every second one of the older half is dropped, so that the record of a
// long run stays bounded and its recent part fine; extremes are kept apart.
class History {
 public:
  static constexpr std::size_t kSamplesMax = 3'600;

  void add(const Sample& sample);
  // So many ran at a time between two samples.
  void saw_replicas(std::int32_t count) { max_replicas_ = std::max(max_replicas_, count); }
  const std::deque<Sample>& samples() const { return samples_; }
  std::optional<std::int64_t> max_lag() const { return max_lag_; }  // empty: lag was never known
  std::int32_t max_replicas() const { return max_replicas_; }
  bool empty() const { return samples_.empty(); }

 private:
  std::deque<Sample> samples_;
  std::optional<std::int64_t> max_lag_;
  std::int32_t max_replicas_ = 0;
};

// What the run has to be measured by, beside its samples.
struct Evidence {
  std::int32_t replicas_at_rest = 0;     // of all scaled objects: what they go back to
  bool replicas_at_work = false;         // at the last sample there were more, running or about to be
  bool burst_complete = true;            // the generator, if there is one, has sent all it had to
  std::string failing_workers;           // at the last sample: which, and why; empty: none
  bool interrupted = false;              // by a signal
  std::optional<Deliveries> deliveries;  // empty: workers do not say what they handle
};

struct Verdict {
  bool ok = false;
  std::string reason;  // why not, or what was shown
  std::optional<std::int64_t> max_lag;
  std::int32_t max_replicas = 0;
  std::optional<std::int64_t> final_lag;
  std::int32_t final_replicas = 0;
  std::optional<std::int64_t> lost;  // empty: not known, as long as messages wait that could be the missing ones
  std::optional<std::int64_t> duplicated;
  std::optional<std::int64_t> unknown;  // consumed, and not known whether acknowledged, or by whom; see Deliveries
};

// What is to be said of messages that are not accounted for; "" when each one is.
std::string doubts(const Deliveries& deliveries);

// ok: a backlog was seen, replicas rose above their rest, at the end the lag is known to be 0 and the replicas are back
// at rest, and nothing is known to be lost.
Verdict judge(const History& history, const Evidence& evidence);

boost::json::object to_json(const History& history, const Verdict& verdict);

}  // namespace gantry::up
