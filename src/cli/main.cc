#include "cli/main.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "cli/command_table.h"

namespace gantry::cli {

namespace {

// The first --option that the command which the words name does not have; "" when there is none.
std::string unknown_option(const CLI::App& root, int argc, char** argv, std::string& name_of_command) {
  const CLI::App* command = &root;
  name_of_command = "gantry";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") break;
    if (!word.starts_with("--")) {
      const auto verbs = command->get_subcommands([&](const CLI::App* verb) { return verb->get_name() == word; });
      if (verbs.empty()) continue;
      command = verbs.front();
      name_of_command += " " + command->get_name();
      continue;
    }
    const std::string name(word.substr(0, word.find('=')));
    if (command->get_option_no_throw(name) == nullptr) return name;
  }
  return {};
}

// How many words gantry itself reads: all up to `--exec CMD`.
int words_of_ours(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--exec") return i + 2;
  }
  return argc;
}

}  // namespace

int main(int words, char** argv, const char* version) {
  // standard output belongs to what was asked for; the log goes beside it
  spdlog::set_default_logger(spdlog::stderr_color_mt("gantry"));
  try {
    CLI::App app("Gantry keeps Apache RocketMQ elastic: consumers come with the backlog and go with it.", "gantry");
    app.set_version_flag("--version", std::string("gantry ") + version);
    Invocation invocation;
    invocation.version = version;
    const int argc = words_of_ours(words, argv);
    invocation.rest.assign(argv + argc, argv + words);
    declare_all(app, invocation);
    if (argc > 1 && argv[1][0] != '-' && std::ranges::none_of(commands(), [&](const Command& command) {
          return std::string_view(argv[1]) == command.name;
        })) {
      std::fprintf(stderr, "gantry: there is no command \"%s\"; gantry --help lists them\n", argv[1]);
      return kUsage;
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::RequiredError& error) {
      // what is missing is often there under a name that is not
      std::string command;
      if (const auto unknown = unknown_option(app, argc, argv, command); !unknown.empty()) {
        std::fprintf(stderr, "gantry: there is no option %s; %s --help lists them\n", unknown.c_str(), command.c_str());
        return kUsage;
      }
      const int code = app.exit(error) == 0 ? kDone : kUsage;
      if (argc != words) std::fprintf(stderr, "What follows --exec CMD belongs to CMD: put it last.\n");
      return code;
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? kDone : kUsage;
    }
    const int code = invocation.run ? invocation.run() : kUsage;
    if (code == kForced) {
      // stopped in the middle: what is still held by work that never ended cannot be taken apart in order
      std::fflush(nullptr);
      std::_Exit(code);
    }
    return code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gantry: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace gantry::cli
