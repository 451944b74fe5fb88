// A command of the command line: how it declares its options and what it then runs. The one table of all commands is
// kCommands in cli/command_table.h; a command lives in one file of cli/commands/.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/exit_code.h"

namespace gantry::cli {

// What the parsed command line asks for. A command's declaration sets `run` by a callback of its (sub)command.
struct Invocation {
  std::function<int()> run;  // returns the exit code: base/exit_code.h
  // The words after `--exec CMD`, as they are: they belong to CMD. Known before anything is parsed.
  std::vector<std::string> rest;
  const CLI::App* root = nullptr;
  std::string version;
};

struct Command {
  const char* name;
  const char* summary;
  void (*declare)(CLI::App& command, Invocation& invocation);
};

}  // namespace gantry::cli
