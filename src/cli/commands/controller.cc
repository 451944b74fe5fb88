// gantry controller: the options of a controller, from the Java controller's properties or one by one.
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <deque>
#include <fstream>

#include "cli/commands/controller_import.h"
#include "cli/commands/controller_operations.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "controller/command.h"
#include "controller/config_file.h"
#include "controller/java_properties.h"
#include "controller/peer_list.h"
#include "controller/preflight.h"

namespace gantry::cli {
namespace {

// A flag that says a setting of the configuration: as given, also `=false`, or not at all.
struct Switch {
  bool controller::Config::* setting;
  bool value = false;
  CLI::Option* option = nullptr;
  bool given = false;
};

struct ControllerOptions {
  std::string config_file;
  bool check = false;
  std::string properties;
  std::string group = "gantry-controller";
  std::string self = "n0";
  std::string peers = "n0-127.0.0.1:9878";
  std::string listen_host;
  std::string data;
  std::string http;
  std::deque<Switch> switches;
  std::vector<std::string> users;
  net::TlsFiles tls;
};

std::string default_data(const std::string& self) {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return fmt::format("{}/gantry/controller-{}", state, self);
  const char* home = std::getenv("HOME");
  return fmt::format("{}/.local/state/gantry/controller-{}", home != nullptr ? home : "/tmp", self);
}

constexpr std::size_t kSettingsBytesMax = 1 << 20;

Result<std::string> read_settings(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(Errc::not_found, "{} cannot be read", name);
  std::string text(kSettingsBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.size() > kSettingsBytesMax)
    return fail(Errc::invalid_argument, "{} cannot be read, or is larger than 1 MiB", name);
  return text;
}

// Who this is, is often known to the machine alone: one file serves all of them.
Result<controller::Config> from_file(const ControllerOptions& options, bool self_given) {
  auto text = read_settings(options.config_file);
  if (!text) return std::unexpected(text.error());
  auto config = controller::parse_config(*text, options.config_file);
  if (!config) return config;
  if (self_given) config->self = options.self;
  if (config->self.empty())
    return fail(Errc::invalid_argument, "{}: expected self, or the option --self", options.config_file);
  if (config->data_directory.empty()) config->data_directory = default_data(config->self);
  return config;
}

struct FromProperties {
  controller::Config config;
  std::size_t misspelt = 0;  // unknown names that are nearly known ones
};

Result<FromProperties> from_properties(const std::string& file) {
  auto text = read_settings(file);
  if (!text) return std::unexpected(text.error());
  auto java = controller::read_java_properties(*text, file);
  if (!java) return std::unexpected(java.error());
  for (const auto& left : java->without_effect) {
    spdlog::info("{}:{}: {} has no effect here: {}", file, left.line, left.name,
                 left.advice.empty() ? "it is for the Java process, or for the other form of the file" : left.advice);
  }
  FromProperties read{std::move(java->config)};
  for (const auto& left : java->unknown) {
    if (!left.advice.empty()) ++read.misspelt;
    spdlog::warn("{}:{}: {} is unknown, here and to the Java controller{}{}", file, left.line, left.name,
                 left.advice.empty() ? "" : ": ", left.advice);
  }
  return read;
}

Result<controller::Config> from_options(const ControllerOptions& options) {
  controller::Config config;
  config.group = options.group;
  config.self = options.self;
  auto peers = controller::parse_peers(options.peers);
  if (!peers) return std::unexpected(in_context("--peers", peers.error()));
  config.peers = std::move(*peers);
  if (config.peers.empty())
    return fail(Errc::invalid_argument, "--peers: expected all controllers, as n0-host:port;n1-host:port");
  if (!config.own()) {
    std::string names;
    for (const auto& peer : config.peers) names += fmt::format("{}{}", names.empty() ? "" : ", ", peer.name);
    return fail(Errc::invalid_argument, "--self: expected one of the names in --peers ({}), got \"{}\"", names,
                options.self);
  }
  config.data_directory = default_data(options.self);
  return config;
}

// What was given counts more than what the file says; only operators are added to those of the file.
Result<void> apply_options(const ControllerOptions& options, controller::Config& config) {
  if (!options.data.empty()) config.data_directory = options.data;
  if (!options.listen_host.empty()) config.listen_host = options.listen_host;
  if (!options.http.empty()) {
    auto http = net::parse_listen_endpoint(options.http);
    if (!http) return std::unexpected(in_context("--http", http.error()));
    config.http = *http;
  }
  for (const Switch& one : options.switches) {
    if (one.given) config.*one.setting = one.value;
  }
  for (const auto file : {&net::TlsFiles::certificate_file, &net::TlsFiles::key_file, &net::TlsFiles::ca_file}) {
    if (!(options.tls.*file).empty()) config.tls.*file = options.tls.*file;
  }
  for (const std::string& text : options.users) {
    auto user = parse_keys("--user", text);
    if (!user) return std::unexpected(user.error());
    config.operators.push_back(std::move(*user));
  }
  return {};
}

int check(const controller::Config& config, std::size_t misspelt) {
  if (auto checked = controller::check_config(config); !checked) return report(checked.error());
  const controller::Plan plan = controller::plan_of(config);
  for (const std::string& step : plan.steps) fmt::print("{}\n", step);
  for (const std::string& warning : plan.warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (plan.refused) return report(*plan.refused);
  if (misspelt > 0) {
    return report({Errc::invalid_argument,
                   "the properties have names that are unknown, and nearly known ones (see above): "
                   "correct them; a start would go on without"});
  }
  fmt::print("ok\n");
  return 0;
}

}  // namespace

void declare_controller(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<ControllerOptions>();
  auto* properties = command.add_option("--properties", options->properties,
                                        "controller.properties of the Java controller; nothing else is needed");
  auto* file =
      command.add_option("--config", options->config_file,
                         "YAML file with all settings; options beside it count more, flags also as --FLAG=false");
  file->excludes(properties);
  command.add_option("--self", options->self, "id of this controller among the peers")
      ->capture_default_str()
      ->excludes(properties);
  auto* self = command.get_option("--self");
  command.add_option("--peers", options->peers, "all controllers: n0-host:port;n1-host:port;n2-host:port")
      ->capture_default_str()
      ->excludes(properties)
      ->excludes(file);
  command.add_option("--group", options->group, "name of the group; others are refused")
      ->capture_default_str()
      ->excludes(properties)
      ->excludes(file);
  command.add_option("--listen-host", options->listen_host, "address to listen on (default: the host of --self)");
  command.add_option("--data", options->data, "directory of the log (default: the user's state directory)");
  command.add_option("--http", options->http,
                     "address of the page, /metrics for Prometheus, /healthz and /readyz (default: none)");
  const auto add_switch = [&](const char* name, bool controller::Config::* setting, const char* help) {
    Switch& one = options->switches.emplace_back(setting);
    one.option = command.add_flag(name, one.value, help);
  };
  add_switch("--join", &controller::Config::join,
             "never form a group: wait until one has taken this controller in (members add)");
  add_switch("--unclean-election", &controller::Config::unclean_election,
             "elect a master out of the sync-state set when nobody else is left: loses messages");
  add_switch(
      "--lease-reads", &controller::Config::lease_reads,
      "the leader answers reads for 240 ms without asking the others: safe only with clocks that agree to a tenth");
  add_switch("--spread-brokers", &controller::Config::spread_brokers,
             "name each broker a controller of its own instead of the leader, so that their requests spread");
  command.add_option("--user", options->users,
                     fmt::format("ACCESS_KEY:SECRET_KEY of an operator; only operators may then {}; may be repeated",
                                 controller::kOperatorsMay));
  add_file(command, "--tls-cert", options->tls.certificate_file,
           "PEM certificate: TLS between controllers, and beside plain for clients");
  add_file(command, "--tls-key", options->tls.key_file, "PEM key of the certificate");
  add_file(command, "--tls-ca", options->tls.ca_file,
           "authority of the controllers' certificates; a client that shows one of it is an operator");
  add_switch("--tls-required", &controller::Config::tls_required, "close plain connections of clients");
  command.add_flag("--check", options->check, "only read the configuration, and say what a start would do");
  declare_controller_operations(command, invocation);
  declare_controller_import(command, invocation);
  command.require_subcommand(0, 1);
  command.callback([options, self, &command, &invocation] {
    if (!command.get_subcommands().empty()) return;  // a verb, not a controller to be run
    for (Switch& one : options->switches) one.given = one.option->count() > 0;
    invocation.run = [options, self_given = self->count() > 0] {
      std::size_t misspelt = 0;
      Result<controller::Config> config = controller::Config{};
      if (!options->properties.empty()) {
        auto read = from_properties(options->properties);
        if (!read) return report(read.error());
        misspelt = read->misspelt;
        config = std::move(read->config);
      } else {
        config = options->config_file.empty() ? from_options(*options) : from_file(*options, self_given);
      }
      if (!config) return report(config.error());
      if (auto applied = apply_options(*options, *config); !applied) return report(applied.error());
      return options->check ? check(*config, misspelt) : controller::run_controller(*config);
    };
  });
}

}  // namespace gantry::cli
