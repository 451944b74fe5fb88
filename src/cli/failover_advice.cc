#include "cli/failover_advice.h"

#include <fmt/format.h>

#include "base/parse_number.h"

namespace gantry::cli {

namespace {

using State = Findings::State;

std::string_view value_of(const controller::Properties& settings, std::string_view name, std::string_view otherwise) {
  const auto found = settings.find(name);
  return found == settings.end() ? otherwise : std::string_view(found->second);
}

}  // namespace

std::vector<std::string> advise_on_broker(std::string_view what, const controller::Properties& settings,
                                          Findings& findings) {
  if (value_of(settings, "enableControllerMode", "false") != "true") return {};
  const std::string check = fmt::format("{} failover", what);
  bool safe = true;
  const auto warn = [&](std::string found, std::string advice) {
    safe = false;
    findings.add(State::warning, check, std::move(found), std::move(advice));
  };
  if (value_of(settings, "allAckInSyncStateSet", "false") != "true") {
    warn("allAckInSyncStateSet=false: messages are acknowledged that a member in sync does not have yet",
         "it may become master and they are lost; set allAckInSyncStateSet=true");
  }
  const std::string_view in_sync = value_of(settings, "minInSyncReplicas", "1");
  if (const auto count = parse_number<std::int64_t>(in_sync); !count || *count < 2) {
    warn(fmt::format("minInSyncReplicas={}: messages are acknowledged that the master alone has", in_sync),
         "they are lost with its disk; set minInSyncReplicas=2");
  }
  if (safe) findings.add(State::ok, check, "acknowledged messages survive the loss of the master");

  std::vector<std::string> controllers;
  std::string_view rest = value_of(settings, "controllerAddr", "");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    if (const std::string_view one = rest.substr(0, end); !one.empty()) controllers.emplace_back(one);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return controllers;
}

void advise_on_controller(std::string_view what, const controller::Properties& settings, Findings& findings) {
  if (value_of(settings, "enableElectUncleanMaster", "false") == "true") {
    findings.add(State::warning, std::string(what),
                 "enableElectUncleanMaster=true: a member that is not in sync may become master",
                 "what only the others have is lost then; set enableElectUncleanMaster=false");
  } else {
    findings.add(State::ok, std::string(what), "only members in sync become master");
  }
}

}  // namespace gantry::cli
