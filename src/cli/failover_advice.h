// What the settings of brokers in controller mode, and of their controllers, cost when a master fails: which of them let
// acknowledged messages be lost, and which let nobody write. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/findings.h"
#include "controller/properties.h"

namespace gantry::cli {

// Of a broker's settings (request 26). Adds nothing for one that is not in controller mode; else what it found, and
// returns its controllers. `what`: as the broker is called in findings. Rule: MessageStoreConfig and BrokerConfig of 5.3.
std::vector<std::string> advise_on_broker(std::string_view what, const controller::Properties& settings,
                                          Findings& findings);

// Of a controller's settings (request 1010).
void advise_on_controller(std::string_view what, const controller::Properties& settings, Findings& findings);

}  // namespace gantry::cli
