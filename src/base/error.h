// Errors are values. A function that can fail returns Result<T>; exceptions do not cross a module. One small set of
// codes serves every module, so that each edge (remoting response codes, HTTP status, exit codes) maps it once.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gantry {

// What kind of failure it is, for programs. The words for people are in Error::message.
enum class Errc {
  invalid_argument,    // the caller's input is wrong; trying again will not help
  not_found,           // the named thing does not exist
  already_exists,      // the named thing exists and must not
  unavailable,         // the peer cannot be reached or is not ready; trying again may help
  timeout,             // no answer in time: the outcome is unknown
  permission_denied,   // known, but not allowed
  unauthenticated,     // credentials are missing or wrong
  resource_exhausted,  // a limit was reached (queue, connections, disk)
  corrupt,             // data does not have the form it must have
  unimplemented,       // the request is understood, but not served here
  cancelled,           // given up because of shutdown or by the caller
  internal,            // a fault of ours
};

std::string_view to_string(Errc code);

// message: one sentence that says what failed, where, and what to do next; no trailing full stop is needed.
struct Error {
  Errc code = Errc::internal;
  std::string message;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

// Shorthand for `return fail(Errc::not_found, "topic {} does not exist", name);`
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(Errc code, fmt::format_string<Args...> text, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(text, std::forward<Args>(args)...)});
}

// The same error, seen from one level further out: "reading orders.yaml: <message>".
[[nodiscard]] Error in_context(std::string_view where, Error error);

}  // namespace gantry
