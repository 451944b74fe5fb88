// All replica sets by name: ascending for whoever lists them, and by hash for the one look-up that each request makes, which
// in a tree of thousands of names costs more than the rest of a command.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "replication/replica_set.h"

namespace gantry::replication {

class ReplicaSets {
 public:
  using Ascending = std::map<std::string, ReplicaSet, std::less<>>;

  ReplicaSets() = default;
  explicit ReplicaSets(Ascending sets) : sets_(std::move(sets)) { index(); }
  ReplicaSets(const ReplicaSets& other) : sets_(other.sets_) { index(); }
  ReplicaSets& operator=(const ReplicaSets& other) { return *this = ReplicaSets(other); }
  // The nodes of a map stay where they are when it is moved, and what points to them holds.
  ReplicaSets(ReplicaSets&&) noexcept = default;
  ReplicaSets& operator=(ReplicaSets&&) noexcept = default;
  ~ReplicaSets() = default;

  const Ascending& ascending() const { return sets_; }
  std::size_t size() const { return sets_.size(); }
  // nullptr: unknown. Valid until the set is erased.
  const ReplicaSet* find(std::string_view name) const {
    const auto found = by_hash_.find(name);
    return found != by_hash_.end() ? found->second : nullptr;
  }
  ReplicaSet* find(std::string_view name) {
    const auto found = by_hash_.find(name);
    return found != by_hash_.end() ? found->second : nullptr;
  }
  // The one of that name, a new and empty one if need be.
  ReplicaSet& add(std::string_view name) {
    if (ReplicaSet* known = find(name)) return *known;
    const auto added = sets_.emplace(name, ReplicaSet{}).first;
    by_hash_.emplace(added->first, &added->second);
    return added->second;
  }
  void erase(std::string_view name) {
    const auto found = sets_.find(name);
    if (found == sets_.end()) return;
    by_hash_.erase(found->first);  // before the name that it looks at is gone
    sets_.erase(found);
  }

  bool operator==(const ReplicaSets& other) const { return sets_ == other.sets_; }

 private:
  void index() {
    by_hash_.reserve(sets_.size());
    for (auto& [name, set] : sets_) by_hash_.emplace(name, &set);
  }

  Ascending sets_;
  std::unordered_map<std::string_view, ReplicaSet*> by_hash_;  // names and sets in sets_
};

}  // namespace gantry::replication
