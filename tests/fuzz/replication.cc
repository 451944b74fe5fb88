// What a controller reads back from its disk and from other controllers: log entries and snapshots of replica sets. An
// entry that reads is applied as well, since commands come from outside.
#include "base/checksum.h"
#include "fuzz.h"
#include "replication/bytes.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"

namespace replication = gantry::replication;

// A snapshot with `payload` as its only frame before the end: behind the checksums, where mutated bytes do not come.
static std::string framed(std::string_view payload, bool with_end) {
  static const std::string empty = replication::encode_snapshot({});
  constexpr std::size_t kHeaderBytes = 16;
  std::string bytes = empty.substr(0, kHeaderBytes);
  gantry::put_fixed(bytes, static_cast<std::uint32_t>(payload.size()));
  gantry::put_fixed(bytes, gantry::crc32c(payload));
  bytes += payload;
  if (!with_end) return bytes;
  const std::string end = {3, 1, 0};  // kind, one set, none cleaned
  gantry::put_fixed(bytes, static_cast<std::uint32_t>(end.size()));
  gantry::put_fixed(bytes, gantry::crc32c(end));
  return bytes + end;
}

FUZZ_TARGET(input) {
  if (const auto commands = replication::decode_entry(input)) {
    const auto again = replication::decode_entry(replication::encode_entry(*commands));
    FUZZ_CHECK(again && *again == *commands);
    replication::State state;
    for (const replication::Command& command : *commands) {
      replication::State same = state;
      const auto expected = same.apply(command);
      FUZZ_CHECK(state.apply(command) == expected && state == same);
    }
    const auto restored = replication::decode_snapshot(replication::encode_snapshot(state));
    FUZZ_CHECK(restored && *restored == state);
  }
  for (const std::string& bytes : {std::string(input), framed(input, false), framed(input, true)}) {
    if (const auto state = replication::decode_snapshot(bytes)) {
      FUZZ_CHECK(replication::decode_snapshot(replication::encode_snapshot(*state)) == *state);
    }
  }
}
