// Reading the JSON that Java servers and clients write. fastjson is laxer than JSON: integer map keys come without
// quotes ({1:"a"}), and maps whose key is an object come with objects as keys
// ({{"brokerName":"b","queueId":0,"topic":"t"}:{...}}), as in the bodies of consume stats and topic stats. Both are
// accepted here, and bare words, single quotes and repeated commas too. An object key becomes the key's own JSON text.
// References ({"$ref":"$.a[0]"}), which fastjson writes for an object that it has already written, are resolved.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace gantry::wire {

struct JsonLimits {
  std::size_t bytes_max = 16 * 1024 * 1024;
  std::size_t depth_max = 32;
  std::size_t values_max = 1024 * 1024;  // scalars, arrays and objects together, after references were resolved
};

// Fails with corrupt (and the byte position) when it is not fastjson's JSON, with resource_exhausted beyond a limit.
Result<boost::json::value> parse_fastjson(std::string_view text, const JsonLimits& limits = {});

}  // namespace gantry::wire
