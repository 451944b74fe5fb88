// UPDATE_AND_CREATE_TOPIC_LIST (18). Rule: AdminBrokerProcessor.updateAndCreateTopicList.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"

namespace gantry::broker {

void handle_put_topics(BrokerContext& broker, remoting::Request request) {
  auto body = wire::decode_body<wire::CreateTopicListRequestBody>(request.command.body);
  if (!body) return request.reply.fail(body.error());
  for (auto& config : body->topic_config_list) {
    if (auto put = broker.topics.put(std::move(config)); !put) {
      return request.reply.send(wire::response_code::kInvalidParameter, put.error().message);
    }
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
