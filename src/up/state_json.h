// The page's view of a Show, in the shapes that web/src/api.ts declares.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "up/show.h"

namespace gantry::up {

boost::json::object state_json(const Show& show, const std::string& version);
boost::json::object history_json(const Show& show);

}  // namespace gantry::up
