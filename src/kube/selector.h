// Label selectors, as an object's `matchLabels`/`matchExpressions` and as text ("app=orders,tier in (a,b),!canary").
#pragma once

#include "kube/schema.h"

namespace gantry::kube {

struct LabelRequirement {
  enum class Operator { in, not_in, exists, does_not_exist };
  std::string key;
  Operator op = Operator::in;
  std::vector<std::string> values;
};

struct LabelSelector {
  std::vector<LabelRequirement> requirements;  // all must hold; none: everything matches

  bool matches(const StringMap& labels) const;
};

Reader<LabelSelector> label_selector_reader();

// Errors: invalid_argument.
Result<LabelSelector> parse_label_selector(std::string_view text);

}  // namespace gantry::kube
