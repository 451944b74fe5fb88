// JSON as text with numbers as people write them: 400, 1.5, 0. Boost.JSON 1.81 writes every double with an exponent
// ("4E2"), which parsers take and readers and shell scripts stumble over.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace gantry {

// One line, without spaces. A double gets the fewest digits that read back as the same double; one without a fraction
// is written as an integer up to 2^53. What JSON has no word for (infinite, not a number) is null.
std::string json_text(const boost::json::value& value);

}  // namespace gantry
