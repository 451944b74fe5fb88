// QUERY_TOPIC_CONSUME_BY_WHO (300). Rule: AdminBrokerProcessor.queryTopicConsumeByWho.
#include <algorithm>

#include "broker/clients.h"
#include "broker/handlers/handlers.h"
#include "broker/offsets.h"
#include "wire/bodies/topic.h"
#include "wire/headers/group.h"

namespace gantry::broker {

void handle_query_topic_consumers(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QueryTopicConsumeByWhoRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  wire::GroupList list{broker.clients.consumers().groups_of_topic(header->topic)};
  for (auto& group : broker.offsets.groups_of(header->topic)) {
    if (std::ranges::find(list.group_list, group) == list.group_list.end()) list.group_list.push_back(std::move(group));
  }
  std::ranges::sort(list.group_list);
  send_body(request.reply, wire::encode_body(list));
}

}  // namespace gantry::broker
