// The page's view of a Show, in the shapes that web/src/api.ts declares.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "up/show.h"

namespace gantry::up {

// What the page says of the program that serves it.
struct Program {
  std::string version;
  std::string command;  // that a person runs it by
};

boost::json::object state_json(const Show& show, const Program& program);
boost::json::object history_json(const Show& show);

}  // namespace gantry::up
