// `gantry up`: broker, autoscaler, generator, workers and page in one process, from Kubernetes YAML.
#pragma once

#include "up/options.h"

namespace gantry::up {

// Runs until SIGINT or SIGTERM, or until Options::duration is over or the burst was absorbed before that. Returns the
// exit code: 0, 1 when it could not run or, with a duration, when the burst was not absorbed; 2 for malformed YAML, in
// which case nothing was started.
int run(const Options& options);

}  // namespace gantry::up
