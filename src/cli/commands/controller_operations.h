// The verbs of `gantry controller`, beside running one.
#pragma once

#include "cli/command.h"

namespace gantry::cli {

void declare_controller_operations(CLI::App& controller, Invocation& invocation);

}  // namespace gantry::cli
