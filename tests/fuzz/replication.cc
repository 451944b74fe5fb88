// What a controller reads back from its disk and from other controllers: log entries and snapshots of replica sets. An
// entry that reads is applied as well, since commands come from outside.
#include "fuzz.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"

namespace replication = gantry::replication;

FUZZ_TARGET(input) {
  if (const auto commands = replication::decode_entry(input)) {
    const auto again = replication::decode_entry(replication::encode_entry(*commands));
    FUZZ_CHECK(again && *again == *commands);
    replication::State state;
    for (const replication::Command& command : *commands) {
      const auto expected = state.preview(command);
      FUZZ_CHECK(state.apply(command) == expected);
    }
    const auto restored = replication::decode_snapshot(replication::encode_snapshot(state));
    FUZZ_CHECK(restored && *restored == state);
  }
  if (const auto state = replication::decode_snapshot(input)) {
    FUZZ_CHECK(replication::decode_snapshot(replication::encode_snapshot(*state)) == *state);
  }
}
