// When triggers that no broker can be waited for are looked at: often, but however many there are, a cluster is not asked
// more often than it may be. Those of one topic and group are looked at at the same time, so that one reading serves all.
// Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace gantry::scaler {

class LookBudget {
 public:
  using Clock = std::chrono::steady_clock;
  using Cluster = const void*;  // which one: any pointer that stands for it

  LookBudget(std::chrono::milliseconds interval, std::size_t looks_per_second_max)
      : interval_(interval), looks_per_second_max_(looks_per_second_max) {}

  // `what`: the topics and the group. begin() and end() in pairs.
  void begin(Cluster cluster, const std::string& what) { ++looked_at_[cluster][what]; }
  void end(Cluster cluster, const std::string& what) {
    const auto at = looked_at_.find(cluster);
    if (at == looked_at_.end()) return;
    const auto found = at->second.find(what);
    if (found == at->second.end() || --found->second > 0) return;
    at->second.erase(found);
    if (at->second.empty()) looked_at_.erase(at);
  }

  std::chrono::milliseconds interval(Cluster cluster) const {
    const auto at = looked_at_.find(cluster);
    const std::size_t looks = at == looked_at_.end() ? 0 : at->second.size();
    return std::max(interval_, std::chrono::milliseconds(looks * 1'000 / looks_per_second_max_));
  }

  // Until the next look, at most interval(): at the same times for all who look at the same, at different ones for others.
  std::chrono::milliseconds until_next(Cluster cluster, const std::string& what, Clock::time_point now) const {
    const auto interval = this->interval(cluster).count();
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const auto phase = static_cast<std::int64_t>(std::hash<std::string>()(what) % static_cast<std::size_t>(interval));
    return std::chrono::milliseconds(interval - (at + phase) % interval);
  }

 private:
  std::chrono::milliseconds interval_;
  std::size_t looks_per_second_max_;
  std::map<Cluster, std::map<std::string, std::size_t>> looked_at_;  // how many look
};

}  // namespace gantry::scaler
