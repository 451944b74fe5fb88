#include "rpc/status.h"

namespace gantry::rpc {

Status to_status(const Error& error) {
  const auto code = [&] {
    switch (error.code) {
      case Errc::invalid_argument: return Code::invalid_argument;
      case Errc::not_found: return Code::not_found;
      case Errc::already_exists: return Code::already_exists;
      case Errc::unavailable: return Code::unavailable;
      case Errc::timeout: return Code::deadline_exceeded;
      case Errc::permission_denied: return Code::permission_denied;
      case Errc::unauthenticated: return Code::unauthenticated;
      case Errc::resource_exhausted: return Code::resource_exhausted;
      case Errc::corrupt: return Code::data_loss;
      case Errc::unimplemented: return Code::unimplemented;
      case Errc::cancelled: return Code::cancelled;
      case Errc::internal: break;
    }
    return Code::internal;
  }();
  return {code, error.message};
}

std::string encode_message(std::string_view message, std::size_t bytes_max) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : message) {
    if (encoded.size() + 3 > bytes_max) break;
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '%') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 0xf];
    }
  }
  return encoded;
}

}  // namespace gantry::rpc
