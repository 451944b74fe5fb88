#include "broker/named_resources.h"

#include <algorithm>

#include "wire/bodies/assignment.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/heartbeat.h"
#include "wire/bodies/queue_lock.h"
#include "wire/body.h"

namespace gantry::broker {

namespace {

constexpr char kTopicSeparator = ';';  // of topicList

void add_field(const wire::Fields& fields, std::string_view name, std::vector<std::string>& to) {
  const std::string* value = fields.find(name);
  if (value != nullptr && !value->empty()) to.push_back(*value);
}

template <class Body>
Result<NamedResources> in_lock(const wire::Command& request) {
  auto body = wire::decode_body<Body>(request.body);
  if (!body) return std::unexpected(body.error());
  NamedResources named;
  named.groups.push_back(std::move(body->consumer_group));
  for (wire::MessageQueue& queue : body->mq_set) named.topics.push_back(std::move(queue.topic));
  return named;
}

}  // namespace

Result<NamedResources> names_in_fields(const wire::Command& request) {
  NamedResources named;
  for (const auto name : {"topic", "originTopic"}) add_field(request.fields, name, named.topics);
  for (const auto name : {"consumerGroup", "group"}) add_field(request.fields, name, named.groups);
  std::string_view list = request.fields.get("topicList");
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(kTopicSeparator), list.size());
    if (end > 0) named.topics.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return named;
}

Result<NamedResources> names_of_send(const wire::Command& request) {
  NamedResources named;
  for (const auto name : {"topic", "b"}) add_field(request.fields, name, named.topics);
  return named;
}

Result<NamedResources> names_of_lock(const wire::Command& request) {
  return in_lock<wire::LockBatchRequestBody>(request);
}

Result<NamedResources> names_of_unlock(const wire::Command& request) {
  return in_lock<wire::UnlockBatchRequestBody>(request);
}

Result<NamedResources> names_of_heartbeat(const wire::Command& request) {
  auto body = wire::decode_heartbeat(request.body);
  if (!body) return std::unexpected(body.error());
  NamedResources named;  // a producer shows its right with each message
  for (wire::ConsumerData& consumer : body->consumer_data_set) {
    named.groups.push_back(std::move(consumer.group_name));
    for (wire::SubscriptionData& data : consumer.subscription_data_set) named.topics.push_back(std::move(data.topic));
  }
  return named;
}

Result<NamedResources> names_of_batch_ack(const wire::Command& request) {
  auto body = wire::decode_body<wire::BatchAckMessageRequestBody>(request.body);
  if (!body) return std::unexpected(body.error());
  NamedResources named;
  for (wire::BatchAck& ack : body->acks) {
    named.groups.push_back(std::move(ack.consumer_group));
    named.topics.push_back(std::move(ack.topic));
  }
  return named;
}

Result<NamedResources> names_of_query_assignment(const wire::Command& request) {
  auto body = wire::decode_body<wire::QueryAssignmentRequestBody>(request.body);
  if (!body) return std::unexpected(body.error());
  return NamedResources{{std::move(body->topic)}, {std::move(body->consumer_group)}};
}

}  // namespace gantry::broker
