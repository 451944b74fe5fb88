// How a gRPC call ends: a code and a message for people, and what our own errors become.
// Rule: gRPC's "Status codes and their use" and "gRPC over HTTP2" (grpc-status, grpc-message).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::rpc {

enum class Code {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

struct Status {
  Code code = Code::ok;
  std::string message;

  bool ok() const { return code == Code::ok; }
};

// The one mapping of our error codes to gRPC's.
Status to_status(const Error& error);

// The value of a grpc-message header: bytes outside of printable ASCII, and '%', as %XX. At most `bytes_max` of them.
std::string encode_message(std::string_view message, std::size_t bytes_max = 4'096);

}  // namespace gantry::rpc
