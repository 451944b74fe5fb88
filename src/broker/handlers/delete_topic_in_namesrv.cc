// DELETE_TOPIC_IN_NAMESRV (216). Our name server knows what the broker knows: there is nothing of its own to delete.
#include "broker/handlers/handlers.h"

namespace gantry::broker {

void handle_delete_topic_in_namesrv(BrokerContext&, remoting::Request request) {
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::broker
