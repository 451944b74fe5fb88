// QUERY_TOPICS_BY_CONSUMER (343). Rule: AdminBrokerProcessor.queryTopicsByConsumer.
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
#include "wire/bodies/topic.h"
#include "wire/body.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_query_topics_by_consumer(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QueryTopicsByConsumerRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  wire::TopicList list;
  list.broker_addr = broker.address;
  list.topic_list = broker.offsets.topics_of(header->group);
  send_body(request.reply, wire::encode_body(list));
}

}  // namespace gantry::broker
