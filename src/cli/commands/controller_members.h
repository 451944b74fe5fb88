// The verbs of `gantry controller` about the group itself.
#pragma once

#include "cli/command.h"

namespace gantry::cli {

// members [add|remove|replace], transfer, snapshot, bootstrap.
void declare_controller_members(CLI::App& controller, Invocation& invocation);

}  // namespace gantry::cli
