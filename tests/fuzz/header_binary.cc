// One ROCKETMQ header: what can be read is written back byte for byte, since this form has no freedom.
#include "wire/header_binary.h"

#include "fuzz.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  const wire::FrameLimits limits{.frame_bytes_max = 1 << 20, .header_bytes_max = 1 << 16, .fields_max = 64};
  wire::Command command;
  if (!wire::decode_binary_header(input, limits, command)) return;
  std::string bytes;
  FUZZ_CHECK(wire::encode_binary_header(command, bytes));
  FUZZ_CHECK(bytes == input);
}
