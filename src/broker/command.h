// `gantry broker`: runs the broker until SIGINT or SIGTERM.
#pragma once

#include "broker/config.h"

namespace gantry::broker {

// Returns the process's exit code: 0 stopped by a signal, 1 it could not start (said on standard error).
int run_broker(const Config& config);

}  // namespace gantry::broker
