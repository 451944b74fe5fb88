#include "cli/commands/declarations.h"
#include "cli/output.h"

namespace gantry::cli {

void declare_version(CLI::App& command, Invocation& invocation) {
  command.callback([&invocation] {
    invocation.run = [&invocation] {
      print("gantry " + invocation.version + "\n");
      return kDone;
    };
  });
}

}  // namespace gantry::cli
