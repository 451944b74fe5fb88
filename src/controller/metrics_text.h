// /metrics: the series of the Java controller under its names (as its Prometheus exporter prints them), with its labels,
// and then ours, gantry_controller_*. Told in docs/controller.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/view.h"

namespace gantry::controller {

// disk_bytes: of the controller's directory, where it is known.
std::string metrics_text(const NumbersView& numbers, const std::vector<SetView>& sets,
                         std::optional<std::uint64_t> disk_bytes);

}  // namespace gantry::controller
