// The body of a batch send: what can be read is written back the same, but for the magic and checksum that nobody
// reads.
#include "wire/batch.h"

#include "fuzz.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  auto entries = wire::decode_batch(input, 1024);
  if (!entries) return;
  std::string bytes;
  for (const wire::BatchEntry& entry : *entries) FUZZ_CHECK(wire::encode_batch_entry(entry, bytes));
  FUZZ_CHECK(bytes.size() == input.size());
  FUZZ_CHECK(wire::decode_batch(bytes).value() == *entries);
}
