// Which request code goes to which handler, and who may ask.
#pragma once

#include <cstdint>
#include <span>

#include "controller/context.h"

namespace gantry::controller {

enum class Access : std::uint8_t {
  broker,   // brokers ask it
  operate,  // changes the cluster by an operator's will
};

struct Route {
  std::int32_t code;
  void (*handle)(ControllerContext&, remoting::Request);
  Access access;
};

std::span<const Route> routes();

}  // namespace gantry::controller
