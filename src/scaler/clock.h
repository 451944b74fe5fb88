// The time that people read; it may jump.
#pragma once

#include <cstdint>

#include "rocketmq/identity.h"

namespace gantry::scaler {

inline std::int64_t now_ms() { return rocketmq::unix_now_ms(); }

}  // namespace gantry::scaler
