#include "wire/headers/send.h"

#include "wire/codes.h"

namespace gantry::wire {

Result<SendMessageRequestHeader> decode_send_header(const Command& request) {
  if (request.code == request_code::kSendMessage) return decode_header<SendMessageRequestHeader>(request.fields);
  Result<SendMessageRequestHeaderV2> header = decode_header<SendMessageRequestHeaderV2>(request.fields);
  if (!header) return std::unexpected(header.error());
  return *std::move(header);
}

}  // namespace gantry::wire
