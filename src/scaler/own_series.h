// The scaler's own numbers for Prometheus: what it was asked about each trigger, and what it answered.
#pragma once

#include <cstdint>
#include <string>

#include "scaler/scaled_objects.h"

namespace gantry::scaler {

struct OwnCounts {
  std::size_t clusters = 0;  // RocketMQ clusters that are connected
  std::size_t watched = 0;   // triggers that are watched for StreamIsActive
  std::size_t calls = 0;     // gRPC calls that are open, streams included
};

// A value that was not known at the last question has no series.
std::string own_series(const ScaledObjects& objects, const OwnCounts& counts);

}  // namespace gantry::scaler
