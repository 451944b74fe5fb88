#include "controller/live_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "controller/formation.h"
#include "controller/properties.h"

namespace gantry::controller {

namespace {

constexpr std::string_view kBooleans[] = {"enableElectUncleanMaster", "notifyBrokerRoleChanged"};
// Rule: ControllerRequestProcessor.initConfigBlackList; who the peers are and where the data is cannot change at run time.
constexpr std::string_view kNever[] = {"configBlackList",       "configStorePath",       "rocketmqHome",
                                       "controllerDLegerGroup", "controllerDLegerPeers", "controllerDLegerSelfId",
                                       "controllerStorePath"};

std::string to_text(bool value) { return value ? "true" : "false"; }

}  // namespace

LiveSettings::LiveSettings(const Config& config) : black_list_(std::begin(kNever), std::end(kNever)) {
  values_ = {{"controllerDLegerGroup", config.group},
             {"controllerDLegerPeers", peers_text(config)},
             {"controllerDLegerSelfId", config.self},
             {"controllerStorePath", config.data_directory},
             {"enableElectUncleanMaster", to_text(config.unclean_election)},
             {"notifyBrokerRoleChanged", to_text(config.notify_role_changed)}};
  black_list_.insert(black_list_.end(), config.config_black_list.begin(), config.config_black_list.end());
}

std::string LiveSettings::text() const {
  std::string out;
  for (const auto& [name, value] : values_) out += fmt::format("{}={}\n", name, value);
  return out;
}

Result<std::vector<std::string>> LiveSettings::update(std::string_view text) {
  const Properties changes = parse_properties(text);
  std::vector<std::string> not_ours;
  for (const auto& [name, value] : changes) {
    if (std::ranges::find(black_list_, name) != black_list_.end()) {
      return fail(Errc::permission_denied, "{} cannot be changed while the controller runs: change its configuration",
                  name);
    }
    const bool ours = std::ranges::find(kBooleans, name) != std::end(kBooleans);
    if (!ours) not_ours.push_back(name);
    if (ours && value != "true" && value != "false") {
      return fail(Errc::invalid_argument, "{}: expected true or false, got {}", name, value);
    }
  }
  for (const auto& [name, value] : changes) {
    if (const auto setting = values_.find(name); setting != values_.end()) setting->second = value;
  }
  if (on_change) on_change();
  return not_ours;
}

}  // namespace gantry::controller
