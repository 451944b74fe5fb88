// QUERY_ASSIGNMENT (400): which queues a consumer gets, by pull or by POP, for clients that leave rebalancing to the
// broker. Rule: org.apache.rocketmq.broker.processor.QueryAssignmentProcessor.
#include <spdlog/spdlog.h>

#include "broker/clients.h"
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/request_modes.h"
#include "broker/topics.h"
#include "queueing/allocation.h"
#include "wire/bodies/assignment.h"
#include "wire/bodies/heartbeat.h"
#include "wire/body.h"

namespace gantry::broker {

void handle_query_assignment(BrokerContext& broker, remoting::Request request) {
  auto body = wire::decode_body<wire::QueryAssignmentRequestBody>(request.command.body);
  if (!body) return request.reply.fail(body.error());
  const RequestMode mode = broker.request_modes.find(body->topic, body->consumer_group);

  std::vector<wire::MessageQueue> queues;
  if (const Topic* topic = broker.topics.find(body->topic)) {
    for (std::int32_t id = 0; id < topic->config.read_queue_nums; ++id)
      queues.push_back({broker.config.broker_name, id, body->topic});
  }
  std::vector<wire::MessageQueue> assigned;
  const std::vector<std::string> clients = broker.clients.consumers().client_ids(body->consumer_group);
  if (body->message_model == wire::kBroadcasting) {
    assigned = queues;
  } else if (body->strategy_name != "AVG" && body->strategy_name != "AVG_BY_CIRCLE") {
    // the client keeps what it has; another strategy than its neighbours' would give queues to two or to none
    if (const auto left_out = broker.unknown_strategy_log.admit()) {
      spdlog::warn("broker: group {} asks for assignment by strategy {}, which is not known ({} more since)",
                   body->consumer_group, body->strategy_name.substr(0, 64), *left_out);
    }
    return send_body(request.reply, wire::encode_body(wire::QueryAssignmentResponseBody{}));
  } else if (mode.pop) {
    assigned = queueing::allocate_for_pop(body->client_id, queues, clients, mode.share);
  } else if (body->strategy_name == "AVG_BY_CIRCLE") {
    assigned = queueing::allocate_by_circle(body->client_id, queues, clients);
  } else {
    assigned = queueing::allocate_averagely(body->client_id, queues, clients);
  }

  std::vector<wire::MessageQueueAssignment> assignments;
  for (wire::MessageQueue& queue : assigned) {
    wire::MessageQueueAssignment assignment;
    assignment.message_queue = std::move(queue);
    assignment.mode = mode.pop ? "POP" : "PULL";
    assignments.push_back(std::move(assignment));
  }
  send_body(request.reply, wire::encode_body(wire::QueryAssignmentResponseBody{std::move(assignments)}));
}

}  // namespace gantry::broker
