// gantry controller recover: a new group from what is left of one that lost its majority for good.
#pragma once

#include <CLI/App.hpp>

#include "cli/command.h"

namespace gantry::cli {

void declare_controller_recover(CLI::App& controller, Invocation& invocation);

}  // namespace gantry::cli
