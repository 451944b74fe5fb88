// SET_MESSAGE_REQUEST_MODE (401): whether a group reads a topic by pull or by POP. Rule: QueryAssignmentProcessor.
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/request_modes.h"
#include "broker/topics.h"
#include "queueing/topic_names.h"
#include "wire/bodies/assignment.h"
#include "wire/body.h"

namespace gantry::broker {

namespace code = wire::response_code;

void handle_set_message_request_mode(BrokerContext& broker, remoting::Request request) {
  auto body = wire::decode_body<wire::SetMessageRequestModeRequestBody>(request.command.body);
  if (!body) return request.reply.fail(body.error());
  if (queueing::is_retry_topic(body->topic))
    return request.reply.send(code::kNoPermission, "a retry topic has no mode of its own");
  if (broker.topics.find(body->topic) == nullptr)
    return request.reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist", body->topic));
  if (auto group = broker.groups.get(body->consumer_group); !group) {
    return request.reply.send(code::kSubscriptionGroupNotExist, group.error().message);
  }
  if (body->mode != "POP" && body->mode != "PULL") {
    return request.reply.send(code::kInvalidParameter,
                              fmt::format("mode: expected POP or PULL, got \"{}\"", body->mode));
  }
  broker.request_modes.set(body->topic, body->consumer_group, {body->mode == "POP", body->pop_share_queue_num});
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
