// One JSON header. What was read and written once is valid UTF-8, so a second round must change nothing.
#include "wire/header_json.h"

#include "fuzz.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  const wire::FrameLimits limits{.frame_bytes_max = 1 << 20, .header_bytes_max = 1 << 16, .fields_max = 64};
  wire::Command command;
  if (!wire::decode_json_header(input, limits, command)) return;
  std::string once;
  wire::encode_json_header(command, once);
  wire::Command read;
  FUZZ_CHECK(wire::decode_json_header(once, limits, read));
  std::string twice;
  wire::encode_json_header(read, twice);
  FUZZ_CHECK(once == twice);
}
