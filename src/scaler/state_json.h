// What the page of scaled objects shows, as JSON. Unknown is null with a reason, never 0.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "scaler/scaled_objects.h"

namespace gantry::scaler {

boost::json::object scaled_objects_json(const ScaledObjects& objects, std::int64_t now_ms);

}  // namespace gantry::scaler
