// What is wrong with a client now. Its loops fail and recover independently of each other: each one notes and clears
// under its own name, so that the success of one does not hide what ails another.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gantry::rocketmq {

// Sources are few (topics, brokers and queues of one client), and most of the time none of them has an error.
class ErrorsBySource {
 public:
  // A source that has failed before keeps its place, with the newer text.
  void note(std::string_view source, const Error& error) {
    if (auto known = find(source); known != noted_.end()) {
      known->second = error.message;
    } else {
      noted_.emplace_back(source, error.message);
    }
  }
  void clear(std::string_view source) {
    if (auto known = find(source); known != noted_.end()) noted_.erase(known);
  }
  // Of the source that fails for the longest time; empty: all is well.
  std::string oldest() const { return noted_.empty() ? std::string() : noted_.front().second; }

 private:
  using Noted = std::vector<std::pair<std::string, std::string>>;  // source and text, in the order of first failures

  Noted::iterator find(std::string_view source) {
    return std::ranges::find_if(noted_, [&](const auto& noted) { return noted.first == source; });
  }

  Noted noted_;
};

}  // namespace gantry::rocketmq
