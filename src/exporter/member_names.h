// The names of the members of one JSON object, without a look at their values: what is wanted of a broker's list of
// consumer groups (201), whose settings are ten times as long. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gantry::exporter {

// Of the object that is the member `member` of the object `json`; none when it has no such member. At most `count_max`,
// further ones are left out. Fails with corrupt when the text is not fastjson's JSON.
Result<std::vector<std::string>> member_names(std::string_view json, std::string_view member, std::size_t count_max);

}  // namespace gantry::exporter
