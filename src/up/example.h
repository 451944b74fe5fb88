// examples/orders.yaml as it was when this binary was built: what `gantry up` runs when no file is named, wherever it is
// started.
#pragma once

#include <string_view>

namespace gantry::up {

inline constexpr std::string_view kExampleName = "examples/orders.yaml";

std::string_view example_yaml();

}  // namespace gantry::up
