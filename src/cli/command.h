// A command of the command line: how it declares its options and what it then runs. The one table of all commands is
// kCommands in cli/command_table.h; a command lives in one file of cli/commands/.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <span>
#include <string>

namespace gantry::cli {

// What the parsed command line asks for. A command's declaration sets `run` by a callback of its (sub)command.
struct Invocation {
  std::function<int()> run;  // returns the exit code: 0 done, 1 it failed, 2 wrong input
  const CLI::App* root = nullptr;
  std::string version;
};

struct Command {
  const char* name;
  const char* summary;
  void (*declare)(CLI::App& command, Invocation& invocation);
};

// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
// Stopped in the middle, by a second signal or because the first did not end it in time; as shells say of SIGINT.
inline constexpr int kForced = 130;

}  // namespace gantry::cli
