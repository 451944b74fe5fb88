// Small texts inside documents: how a plain YAML scalar is resolved, durations, base64, command lines, and how a found
// value is shown in an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "kube/node.h"

namespace gantry::kube {

// The YAML 1.1 rules that Kubernetes' reader applies to a scalar without quotes.
Node::Type resolve_plain_scalar(std::string_view text);

// A whole decimal number, nothing around it. Errors: invalid_argument (also when out of range).
Result<std::int64_t> parse_integer(std::string_view text);

// A Go duration, as in metav1.Duration: "1.5s", "500ms", "1h30m". Not negative. In milliseconds, below 100 years.
Result<std::int64_t> parse_duration_ms(std::string_view text);

// RFC 4648 standard alphabet with padding; line breaks are allowed, as in Go.
Result<std::string> decode_base64(std::string_view text);

// Splits a command line into arguments without a shell: white space separates, '..' and ".." group, a backslash escapes
// outside single quotes. No variables, no globs. Errors: an unclosed quote, a dangling backslash.
Result<std::vector<std::string>> split_command(std::string_view text);

// For error messages: in quotes, control characters escaped, cut at 60 characters.
std::string quoted(std::string_view text);
std::string shortened(std::string_view text);

}  // namespace gantry::kube
