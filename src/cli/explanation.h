// What `gantry explain` makes of the state that a running `gantry up` tells (web/src/api.ts is the contract).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "base/error.h"

namespace gantry::cli {

// The scaled objects of that name, or all when it is empty. not_found names those that there are.
Result<boost::json::array> scaled_objects(const boost::json::object& state, const std::string& name);

// One block a scaled object: a heading, then the explanation line by line.
std::string explanation_text(const boost::json::array& scaled_objects);

}  // namespace gantry::cli
