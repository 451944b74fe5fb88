// gantry completion bash | zsh | fish: a completion script made from the parser itself.
#include "cli/completion.h"

#include <CLI/App.hpp>
#include <algorithm>

#include "cli/commands/declarations.h"
#include "cli/output.h"

namespace gantry::cli {

void declare_completion(CLI::App& command, Invocation& invocation) {
  auto shell = std::make_shared<std::string>();
  command.add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.footer(
      "bash: source <(gantry completion bash)\n"
      "zsh:  source <(gantry completion zsh)\n"
      "fish: gantry completion fish | source");
  command.callback([shell, &invocation] {
    invocation.run = [shell, &invocation] {
      print(completion_script(*shell, *invocation.root));
      return kDone;
    };
  });
}

}  // namespace gantry::cli
