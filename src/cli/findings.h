// What `gantry doctor` has found, in the order of finding.
#pragma once

#include <boost/json/array.hpp>
#include <string>

namespace gantry::cli {

class Findings {
 public:
  enum class State { ok, warning, failed };

  // `advice` is empty when nothing need be done.
  void add(State state, std::string check, std::string found, std::string advice = {}) {
    static constexpr const char* kNames[] = {"ok", "warning", "failed"};
    list_.push_back(boost::json::object{{"state", kNames[static_cast<int>(state)]},
                                        {"check", std::move(check)},
                                        {"found", std::move(found)},
                                        {"advice", std::move(advice)}});
    if (state == State::failed) failed_ = true;
  }
  bool failed() const { return failed_; }
  const boost::json::array& list() const { return list_; }

 private:
  boost::json::array list_;
  bool failed_ = false;
};

}  // namespace gantry::cli
