#include "base/error.h"

namespace gantry {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "invalid argument";
    case Errc::not_found: return "not found";
    case Errc::already_exists: return "already exists";
    case Errc::unavailable: return "unavailable";
    case Errc::timeout: return "timeout";
    case Errc::permission_denied: return "permission denied";
    case Errc::unauthenticated: return "unauthenticated";
    case Errc::resource_exhausted: return "resource exhausted";
    case Errc::corrupt: return "corrupt";
    case Errc::unimplemented: return "unimplemented";
    case Errc::cancelled: return "cancelled";
    case Errc::internal: return "internal";
  }
  return "internal";
}

Error in_context(std::string_view where, Error error) {
  return Error{error.code, fmt::format("{}: {}", where, error.message)};
}

}  // namespace gantry
