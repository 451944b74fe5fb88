// Text of a Java properties file. Rule: java.util.Properties.load, without \u escapes above U+007F.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::controller {

using Properties = std::map<std::string, std::string, std::less<>>;

struct NumberedProperty {
  std::string value;
  std::size_t line = 0;  // from 1: where it begins
};
using NumberedProperties = std::map<std::string, NumberedProperty, std::less<>>;

// Never fails: every text is a properties file. Of a name that comes twice the last one counts.
Properties parse_properties(std::string_view text);
NumberedProperties parse_numbered_properties(std::string_view text);

}  // namespace gantry::controller
