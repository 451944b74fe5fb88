// Encoded properties: whatever is in them, what was read can be written, found, replaced and removed.
#include "wire/properties.h"

#include "fuzz.h"
#include "wire/pop_receipt.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  const wire::Properties properties = wire::decode_properties(input);
  (void)wire::tags_code(input);
  if (auto receipt = wire::decode_receipt(input))
    FUZZ_CHECK(wire::decode_receipt(wire::encode_receipt(*receipt)) == receipt);
  (void)wire::decode_message_offsets(input);
  (void)wire::decode_start_offsets(input);
  (void)wire::decode_order_counts(input);
  for (const auto& [name, value] : properties) FUZZ_CHECK(wire::find_property(input, name).has_value());
  std::string bytes;
  if (!wire::encode_properties(properties, bytes)) return;  // values may hold a stray separator
  FUZZ_CHECK(wire::decode_properties(bytes) == properties);
  if (!wire::set_property(bytes, "POP_CK", "value")) return;
  FUZZ_CHECK(wire::find_property(bytes, "POP_CK") == "value");
  wire::erase_property(bytes, "POP_CK");
  FUZZ_CHECK(!wire::find_property(bytes, "POP_CK"));
}
