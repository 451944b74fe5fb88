// Kubernetes quantities: "100m", "1.5", "1Gi", "2e3" (apimachinery's resource.Quantity).
#pragma once

#include "kube/schema.h"

namespace gantry::kube {

struct Quantity {
  double value = 0;  // in units: "100m" is 0.1

  bool operator==(const Quantity&) const = default;
};

// Errors: invalid_argument.
Result<Quantity> parse_quantity(std::string_view text);

// As Kubernetes writes them: whole numbers as they are, others in thousandths ("1500m"), rounded up as it does. value:
// finite, not negative; numbers beyond 10^18 are written as that.
std::string format_quantity(double value);

// A quantity of at least 0; YAML numbers are taken as well as strings, as Kubernetes does.
Reader<Quantity> quantity();

}  // namespace gantry::kube
