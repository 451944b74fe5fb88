// Which request code goes to which handler.
#pragma once

#include <cstdint>
#include <span>

#include "controller/context.h"

namespace gantry::controller {

struct Route {
  std::int32_t code;
  void (*handle)(ControllerContext&, remoting::Request);
};

std::span<const Route> routes();

}  // namespace gantry::controller
