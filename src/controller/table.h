// Which request code goes to which handler.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "controller/context.h"

namespace gantry::controller {

using NeedsOperator = bool (*)(const wire::Command& request);

struct Route {
  std::int32_t code;
  std::string_view name;  // request_type of the metrics: ControllerMetricsConstant.RequestType's where Java has it
  void (*handle)(ControllerContext&, remoting::Request);
  NeedsOperator needs_operator = nullptr;  // null: never; guard.h
};

std::span<const Route> routes();

}  // namespace gantry::controller
