// On which of several connections to a broker one request more may be held. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gantry::triggers {

class PollPlaces {
 public:
  PollPlaces(std::size_t of_connection_max, std::size_t connections_max)
      : of_connection_max_(of_connection_max), connections_max_(connections_max) {}

  // Takes a place: which of the connections to that broker, from 0 on. Nothing: all are full. Given back by give_back().
  std::optional<std::size_t> take(const std::string& broker) {
    for (std::size_t i = 0; i < connections_max_; ++i) {
      if (i == held_.size()) held_.emplace_back();
      std::size_t& held = held_[i][broker];
      if (held >= of_connection_max_) continue;
      ++held;
      return i;
    }
    return std::nullopt;
  }
  void give_back(std::size_t connection, const std::string& broker) {
    const auto found = held_[connection].find(broker);
    if (found != held_[connection].end() && --found->second == 0) held_[connection].erase(found);
  }
  std::size_t taken() const {
    std::size_t taken = 0;
    for (const auto& connection : held_) {
      for (const auto& [broker, held] : connection) taken += held;
    }
    return taken;
  }

 private:
  std::size_t of_connection_max_, connections_max_;
  std::vector<std::map<std::string, std::size_t>> held_;  // by connection and broker
};

}  // namespace gantry::triggers
