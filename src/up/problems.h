// What is wrong at this moment, one sentence each: for the terminal, and for the log, which hears of each when it begins
// and when it is over.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gantry::up {

class Show;

struct Problem {
  std::string about;    // "scaled object orders", "the burst", "deployment orders-worker"
  std::string text;     // with what to do next, where that is known
  bool logged = false;  // whoever met it has written it to the log itself

  bool operator==(const Problem&) const = default;
};

std::vector<Problem> problems_of(const Show& show);

// Writes to the log what is new and what is over. A text that differs in numbers only is the same.
class ProblemLog {
 public:
  void update(const std::vector<Problem>& problems);

 private:
  std::map<std::string, std::string> open_;  // by what it is about: the text without its numbers
};

// A text without its digits: what changes second by second.
std::string without_numbers(const std::string& text);

}  // namespace gantry::up
