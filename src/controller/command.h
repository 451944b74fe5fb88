// `gantry controller`: runs a controller until SIGINT or SIGTERM.
#pragma once

#include "controller/config.h"

namespace gantry::controller {

int run_controller(const Config& config);  // an exit code of base/exit_code.h

}  // namespace gantry::controller
