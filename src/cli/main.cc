#include "cli/main.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "cli/command_table.h"

namespace gantry::cli {

int main(int argc, char** argv, const char* version) {
  // standard output belongs to what was asked for; the log goes beside it
  spdlog::set_default_logger(spdlog::stderr_color_mt("gantry"));
  try {
    CLI::App app("Gantry keeps Apache RocketMQ elastic: consumers come with the backlog and go with it.", "gantry");
    app.set_version_flag("--version", std::string("gantry ") + version);
    Invocation invocation;
    invocation.version = version;
    declare_all(app, invocation);
    if (argc > 1 && argv[1][0] != '-' && std::ranges::none_of(commands(), [&](const Command& command) {
          return std::string_view(argv[1]) == command.name;
        })) {
      std::fprintf(stderr, "gantry: there is no command \"%s\"; gantry --help lists them\n", argv[1]);
      return kUsage;
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? kDone : kUsage;
    }
    return invocation.run ? invocation.run() : kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gantry: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace gantry::cli
