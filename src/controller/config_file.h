// The YAML file of `gantry controller --config`. Rule: docs/controller.md.
#pragma once

#include <string_view>

#include "base/error.h"
#include "controller/config.h"

namespace gantry::controller {

// What the file does not say is the default of Config; `self` and the data directory may be left to the command line.
// Fails with invalid_argument, a line for each problem: "controller.yaml:3: peers.n1: expected host:port, got ...".
Result<Config> parse_config(std::string_view text, std::string_view file);

}  // namespace gantry::controller
