// The body of a heartbeat, the largest JSON that any client may send unasked; and through it the reader of all bodies.
#include "wire/bodies/heartbeat.h"

#include "fuzz.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/delayed.h"
#include "wire/bodies/stats.h"

namespace wire = gantry::wire;

FUZZ_TARGET(input) {
  if (auto heartbeat = wire::decode_heartbeat(input)) {
    FUZZ_CHECK(wire::decode_body<wire::HeartbeatData>(wire::encode_body(*heartbeat)));
  }
  (void)wire::decode_body<wire::ConsumeStats>(input);
  (void)wire::decode_body<wire::BatchAckMessageRequestBody>(input);
  (void)wire::decode_body<wire::TimerMetrics>(input);
  (void)wire::decode_body<wire::DelayOffsets>(input);
}
