// References in fastjson's JSON: an object that was written before is written again as {"$ref":"$.path[0].to.it"}.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>

#include "base/error.h"

namespace gantry::wire {

// Replaces every reference below `root` by a copy of what it refers to. At most values_max values are copied. Fails
// with corrupt when a path leads nowhere, or to an object that holds the reference.
Result<void> resolve_references(boost::json::value& root, std::size_t values_max);

}  // namespace gantry::wire
