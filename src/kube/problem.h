// What is wrong in a file that a person wrote: always the file, the line, the path of the field, and words that say
// what was expected and what was found. A file is read to its end, so problems come as a list.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace gantry::kube {

struct Problem {
  std::string file;
  int line = 0;         // from 1; 0 when no line can be named
  std::string path;     // "spec.triggers[0].metadata.lagThreshold", empty for the document itself
  std::string message;  // "expected a positive integer, got \"5x\""

  bool operator==(const Problem&) const = default;
};

// "orders.yaml:12: spec.triggers[0].metadata.lagThreshold: expected a positive integer, got \"5x\""
std::string to_string(const Problem& problem);

// One error for all of them, a line each. problems must not be empty.
Error to_error(const std::vector<Problem>& problems);

}  // namespace gantry::kube
