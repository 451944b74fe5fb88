// gantry controller import: takes the replica sets of running controllers over.
#pragma once

#include <CLI/App.hpp>

#include "cli/command.h"

namespace gantry::cli {

void declare_controller_import(CLI::App& controller, Invocation& invocation);

}  // namespace gantry::cli
