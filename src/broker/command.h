// `gantry broker`: runs the broker until SIGINT or SIGTERM.
#pragma once

#include "broker/config.h"

namespace gantry::broker {

// Returns the process's exit code (base/exit_code.h): done, stopped by a signal; failed or usage, it could not start
// (said on standard error); forced.
int run_broker(const Config& config);

}  // namespace gantry::broker
