// GET_TIMER_METRICS (61): how many messages are held back for each topic. Rule: AdminBrokerProcessor.getTimerMetrics,
// which leaves out those sent with a delay level; here both are timers, and both are counted. GET_ALL_DELAY_OFFSET
// then says that no level has any, so that who adds both numbers up, as it must be done of an Apache broker, is right.
#include "broker/handlers/handlers.h"
#include "broker/messages.h"
#include "wire/bodies/delayed.h"

namespace gantry::broker {

void handle_get_timer_metrics(BrokerContext& broker, remoting::Request request) {
  wire::TimerMetrics metrics;
  for (const auto& [topic, count] : broker.messages.waiting()) metrics.timing_count[topic] = {count, broker.now_ms()};
  send_body(request.reply, wire::encode_body(metrics));
}

}  // namespace gantry::broker
