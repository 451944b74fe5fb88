// The one table of commands, in the order in which help shows them.
#pragma once

#include <span>

#include "cli/command.h"

namespace gantry::cli {

std::span<const Command> commands();

// Builds the parser: every command of the table with its options.
void declare_all(CLI::App& root, Invocation& invocation);

}  // namespace gantry::cli
