// A buffer of message records, as pull returns them. A record that can be read is written back the same but for its
// checksum and, for long topics, its version.
#include "wire/message.h"

#include "fuzz.h"
#include "wire/compression.h"
#include "wire/message_id.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  (void)wire::for_each_message(input, [](const wire::MessageView& view) {
    const wire::MessageRecord record = wire::to_record(view);
    std::string bytes;
    FUZZ_CHECK(wire::encode_record(record, bytes));
    wire::patch_queue_id(bytes, view.queue_id);
    wire::patch_queue_offset(bytes, view.queue_offset);
    wire::patch_physical_offset(bytes, view.physical_offset);
    wire::patch_store_timestamp(bytes, view.store_timestamp_ms);
    auto again = wire::decode_record(bytes, wire::CheckCrc::yes);
    FUZZ_CHECK(again);
    FUZZ_CHECK(wire::to_record(*again) == record);
    const wire::OffsetMessageId id{view.store_host, view.physical_offset};
    FUZZ_CHECK(wire::decode_offset_message_id(wire::encode_offset_message_id(id)).value() == id);
    if (auto compression = wire::compression_of(view.sys_flag))
      (void)wire::decompress(*compression, view.body, 1 << 16);
  });
}
