// Text of a Java properties file. Rule: java.util.Properties.load, without \u escapes above U+007F.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::controller {

using Properties = std::map<std::string, std::string, std::less<>>;

// Never fails: every text is a properties file. Of a name that comes twice the last one counts.
Properties parse_properties(std::string_view text);

}  // namespace gantry::controller
