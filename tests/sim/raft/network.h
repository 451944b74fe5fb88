// The network of a simulation: letters that arrive later, in another order, twice or never; cuts from one node to another.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "raft/types.h"

namespace gantry::raft::sim {

// Not std::uniform_int_distribution: its results differ between standard libraries, and a seed should replay everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

struct Letter {
  NodeId from = 0;
  NodeId to = 0;
  std::string bytes;
  bool snapshot = false;
};

class Network {
 public:
  explicit Network(Random& random) : random_(random) {}

  // True when it is under way; false when it is lost at once.
  bool send(std::uint64_t now_ms, Letter letter) {
    if (quiet_) {
      under_way_.emplace(now_ms + 1, std::move(letter));
      return true;
    }
    if (cuts_.contains({letter.from, letter.to}) || random_.one_in(loss_)) return false;
    if (random_.one_in(40)) under_way_.emplace(now_ms + delay_ms(), letter);
    under_way_.emplace(now_ms + delay_ms(), std::move(letter));
    return true;
  }

  // For what is no letter: how long it is under way; empty when it is lost.
  std::optional<std::uint64_t> travel_ms(NodeId from, NodeId to) {
    if (quiet_) return 1;
    if (cut(from, to) || random_.one_in(loss_)) return std::nullopt;
    return delay_ms();
  }
  bool cut(NodeId from, NodeId to) const { return cuts_.contains({from, to}); }

  // What is due, one at a time; empty when nothing is.
  std::optional<Letter> receive(std::uint64_t now_ms) {
    auto first = under_way_.begin();
    if (first == under_way_.end() || first->first > now_ms) return std::nullopt;
    auto letter = std::move(first->second);
    under_way_.erase(first);
    if (cuts_.contains({letter.from, letter.to})) letter.to = 0;
    return letter;
  }

  void change_weather(NodeId highest) {
    switch (random_.below(6)) {
      case 0:  // one way
        cuts_.insert({random_.between(1, highest), random_.between(1, highest)});
        break;
      case 1:  // alone
        for (NodeId other = 1, node = random_.between(1, highest); other <= highest; ++other) {
          cuts_.insert({node, other});
          cuts_.insert({other, node});
        }
        break;
      case 2: loss_ = random_.between(3, 100); break;
      case 3: slow_ms_ = random_.between(2, 150); break;
      default: cuts_.clear(); slow_ms_ = 5;
    }
  }

  void heal() {
    cuts_.clear();
    quiet_ = true;
  }

 private:
  std::uint64_t delay_ms() { return random_.one_in(50) ? random_.between(1, 400) : random_.between(1, slow_ms_); }

  Random& random_;
  std::multimap<std::uint64_t, Letter>
      under_way_;                             // by the time of arrival; those of the same time in the order of sending
  std::set<std::pair<NodeId, NodeId>> cuts_;  // from, to
  std::uint64_t loss_ = 50;                   // one in
  std::uint64_t slow_ms_ = 5;
  bool quiet_ = false;
};

}  // namespace gantry::raft::sim
