// The messages of a gRPC stream: each has a byte that says whether it is compressed and four of length before it. Pure.
// Rule: gRPC over HTTP2, Length-Prefixed-Message.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::rpc {

inline constexpr std::size_t kPrefixBytes = 5;

std::string frame_message(std::string_view message);

// Cuts what comes in pieces of any size into messages.
class MessageReader {
 public:
  explicit MessageReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  void add(std::string_view bytes) { pending_ += bytes; }
  // The next whole message; nullopt when it is not there yet. Errors: resource_exhausted (larger than allowed, known from
  // its prefix), unimplemented (compressed, which the caller was told that we do not take). After an error: always that.
  Result<std::optional<std::string>> next();
  bool empty() const { return pending_.empty(); }  // nothing half received
  std::size_t pending_bytes() const { return pending_.size(); }
  void clear() { std::string().swap(pending_); }  // gives its memory back, too

 private:
  std::size_t message_bytes_max_;
  std::string pending_;
};

}  // namespace gantry::rpc
