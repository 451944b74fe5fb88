// CLEAN_EXPIRED_CONSUMEQUEUE (306), CLEAN_UNUSED_TOPIC (316), DELETE_EXPIRED_COMMITLOG (329): the store deletes what is
// past its time by itself, and a topic's queues with the topic, so there is nothing that could be left to clean.
#include "broker/handlers/handlers.h"

namespace gantry::broker {

void handle_clean_up(BrokerContext&, remoting::Request request) { request.reply.send(wire::response_code::kSuccess); }

}  // namespace gantry::broker
