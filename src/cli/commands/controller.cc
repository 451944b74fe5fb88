// gantry controller: the options of a controller, from the Java controller's properties or one by one.
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/commands/controller_operations.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "controller/command.h"
#include "controller/java_properties.h"

namespace gantry::cli {
namespace {

struct ControllerOptions {
  std::string properties;
  std::string group = "gantry-controller";
  std::string self = "n0";
  std::string peers = "n0-127.0.0.1:9878";
  std::string listen_host;
  std::string data;
  bool unclean = false;
};

std::string default_data(const std::string& self) {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return fmt::format("{}/gantry/controller-{}", state, self);
  const char* home = std::getenv("HOME");
  return fmt::format("{}/.local/state/gantry/controller-{}", home != nullptr ? home : "/tmp", self);
}

Result<controller::Config> from_properties(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Errc::not_found, "{} cannot be read", file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  auto java = controller::read_java_properties(text, file);
  if (!java) return std::unexpected(java.error());
  for (const std::string& name : java->without_effect)
    spdlog::info("{}: {} has no effect here: it tunes the Java process", file, name);
  for (const std::string& name : java->unknown) spdlog::warn("{}: {} is unknown: is it a typing error?", file, name);
  return std::move(java->config);
}

// The options speak the words of the properties, so there is one reader of both.
Result<controller::Config> from_options(const ControllerOptions& options) {
  const std::string text =
      fmt::format("controllerDLegerGroup={}\ncontrollerDLegerPeers={}\ncontrollerDLegerSelfId={}\n", options.group,
                  options.peers, options.self);
  auto java = controller::read_java_properties(text, "--peers, --self");
  if (!java) return std::unexpected(java.error());
  java->config.data_directory = default_data(options.self);
  return std::move(java->config);
}

}  // namespace

void declare_controller(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<ControllerOptions>();
  auto* properties = command.add_option("--properties", options->properties,
                                        "controller.properties of the Java controller; nothing else is needed");
  command.add_option("--self", options->self, "id of this controller among the peers")
      ->capture_default_str()
      ->excludes(properties);
  command.add_option("--peers", options->peers, "all controllers: n0-host:port;n1-host:port;n2-host:port")
      ->capture_default_str()
      ->excludes(properties);
  command.add_option("--group", options->group, "name of the group; others are refused")
      ->capture_default_str()
      ->excludes(properties);
  command.add_option("--listen-host", options->listen_host, "address to listen on (default: the host of --self)");
  command.add_option("--data", options->data, "directory of the log (default: the user's state directory)");
  command.add_flag("--unclean-election", options->unclean,
                   "elect a master out of the sync-state set when nobody else is left: loses messages");
  declare_controller_operations(command, invocation);
  command.require_subcommand(0, 1);
  command.callback([options, &command, &invocation] {
    if (!command.get_subcommands().empty()) return;  // a verb, not a controller to be run
    invocation.run = [options] {
      auto config = options->properties.empty() ? from_options(*options) : from_properties(options->properties);
      if (!config) return report(config.error());
      if (!options->data.empty()) config->data_directory = options->data;
      config->listen_host = options->listen_host;
      config->unclean_election |= options->unclean;
      return controller::run_controller(*config);
    };
  });
}

}  // namespace gantry::cli
