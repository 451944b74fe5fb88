// What can be said of a configuration before anything listens: whether it can work, and what would be done with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/config.h"

namespace gantry::controller {

// Errors: invalid_argument, with what is wrong and what was expected; reads the TLS files.
Result<void> check_config(const Config& config);

// What a start would do, and what is risky in it, a line each; changes nothing. Only of a configuration that was checked.
struct Plan {
  std::vector<std::string> steps, warnings;
  std::optional<Error> refused;  // by what is in the directory, or because it cannot be one
};
Plan plan_of(const Config& config);

}  // namespace gantry::controller
