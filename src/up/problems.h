// What is wrong at this moment, one sentence each: for the terminal, and for the log, which hears of each when it begins
// and when it is over.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gantry::up {

class Show;

struct Problem {
  std::string about;     // "scaled object orders", "the burst", "deployment orders-worker"
  std::string text;      // with what to do next, where that is known
  bool logged = false;   // whoever met it has written it to the log itself
  bool repeats = false;  // an earlier one of the list has the same text: once is enough for people

  bool operator==(const Problem&) const = default;
};

std::vector<Problem> problems_of(const Show& show);

// Writes to the log what is new and what is over. A text that differs in numbers only is the same.
class ProblemLog {
 public:
  void update(const std::vector<Problem>& problems);

 private:
  struct Open {
    std::string words;  // the text without its numbers
    bool said = false;  // its beginning stands in the log, so its end is worth a line
  };
  std::map<std::string, Open> open_;  // by what it is about
};

// A text without its digits: what changes second by second.
std::string without_numbers(const std::string& text);

}  // namespace gantry::up
