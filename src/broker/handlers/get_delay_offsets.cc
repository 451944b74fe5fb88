// GET_ALL_DELAY_OFFSET (45): which message of each delay level is delivered next. None is: they are delivered as timers,
// which GET_TIMER_METRICS counts, so every level stands at its end. Rule: AdminBrokerProcessor.getAllDelayOffset.
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/messages.h"
#include "broker/topics.h"
#include "wire/bodies/delayed.h"

namespace gantry::broker {

void handle_get_delay_offsets(BrokerContext& broker, remoting::Request request) {
  wire::DelayOffsets offsets;
  if (Topic* topic = broker.topics.find(kScheduleTopic); topic != nullptr) {
    for (std::int32_t id = 0; id < topic->queue_count(); ++id)
      offsets.offset_table[id + 1] = max_offset(broker, *topic, id);
  }
  send_body(request.reply, wire::encode_body(offsets));
}

}  // namespace gantry::broker
