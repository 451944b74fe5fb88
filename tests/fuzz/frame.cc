// A stream of frames as it comes from a connection: cut, decode, and what decodes must survive encode and decode.
#include "wire/frame.h"

#include "fuzz.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  const wire::FrameLimits limits{.frame_bytes_max = 1 << 20, .header_bytes_max = 1 << 16, .fields_max = 64};
  while (true) {
    auto size = wire::frame_size(input, limits);
    if (!size || !*size || **size > input.size()) return;
    auto command = wire::decode_frame(input.substr(0, **size), limits);
    input.remove_prefix(**size);
    if (!command) continue;
    std::string bytes;
    FUZZ_CHECK(wire::encode_frame(*command, bytes));
    auto again = wire::decode_frame(bytes, wire::FrameLimits{.frame_bytes_max = 1 << 26, .header_bytes_max = 1 << 24});
    FUZZ_CHECK(again);
    FUZZ_CHECK(again->code == command->code && again->opaque == command->opaque && again->body == command->body);
    FUZZ_CHECK(again->fields.size() == command->fields.size());
  }
}
