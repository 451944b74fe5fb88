// `gantry scaler`: runs until SIGTERM or SIGINT; the exit code.
#pragma once

#include "scaler/config.h"

namespace gantry::scaler {

int run_scaler(Config config);

}  // namespace gantry::scaler
