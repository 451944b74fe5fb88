#include "broker/named_resources.h"

#include <algorithm>

#include "wire/bodies/assignment.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/heartbeat.h"
#include "wire/bodies/queue_lock.h"
#include "wire/body.h"
#include "wire/codes.h"

namespace gantry::broker {

namespace {

constexpr char kTopicSeparator = ';';  // of topicList

void add_field(const wire::Fields& fields, std::string_view name, std::vector<std::string>& to) {
  const std::string* value = fields.find(name);
  if (value != nullptr && !value->empty()) to.push_back(*value);
}

NamedResources in_fields(const wire::Command& request) {
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

template <class Body>
Result<NamedResources> in_lock(const wire::Command& request) {
  auto body = wire::decode_body<Body>(request.body);
  if (!body) return std::unexpected(body.error());
  NamedResources named;
  named.groups.push_back(std::move(body->consumer_group));
  for (wire::MessageQueue& queue : body->mq_set) named.topics.push_back(std::move(queue.topic));
  return named;
}

Result<NamedResources> in_heartbeat(const wire::Command& request) {
  auto body = wire::decode_heartbeat(request.body);
  if (!body) return std::unexpected(body.error());
  NamedResources named;  // a producer shows its right with each message
  for (wire::ConsumerData& consumer : body->consumer_data_set) {
    named.groups.push_back(std::move(consumer.group_name));
    for (wire::SubscriptionData& data : consumer.subscription_data_set) named.topics.push_back(std::move(data.topic));
  }
  return named;
}

Result<NamedResources> in_batch_ack(const wire::Command& request) {
  auto body = wire::decode_body<wire::BatchAckMessageRequestBody>(request.body);
  if (!body) return std::unexpected(body.error());
  NamedResources named;
  for (wire::BatchAck& ack : body->acks) {
    named.groups.push_back(std::move(ack.consumer_group));
    named.topics.push_back(std::move(ack.topic));
  }
  return named;
}

Result<NamedResources> in_query_assignment(const wire::Command& request) {
  auto body = wire::decode_body<wire::QueryAssignmentRequestBody>(request.body);
  if (!body) return std::unexpected(body.error());
  return NamedResources{{std::move(body->topic)}, {std::move(body->consumer_group)}};
}

}  // namespace

Result<NamedResources> named_resources(const wire::Command& request) {
  namespace code = wire::request_code;
  switch (request.code) {
    case code::kSendMessage:
    case code::kSendMessageV2:
    case code::kSendBatchMessage: {
      NamedResources named;
      for (const auto name : {"topic", "b"}) add_field(request.fields, name, named.topics);
      return named;
    }
    case code::kHeartBeat: return in_heartbeat(request);
    case code::kLockBatchMq: return in_lock<wire::LockBatchRequestBody>(request);
    case code::kUnlockBatchMq: return in_lock<wire::UnlockBatchRequestBody>(request);
    case code::kBatchAckMessage: return in_batch_ack(request);
    case code::kQueryAssignment: return in_query_assignment(request);
    case code::kEndTransaction:
    case code::kConsumerSendMsgBack:
    case code::kPullMessage:
    case code::kLitePullMessage:
    case code::kQueryMessage:
    case code::kViewMessageById:
    case code::kPopMessage:
    case code::kAckMessage:
    case code::kChangeMessageInvisibletime:
    case code::kNotification:
    case code::kQueryConsumerOffset:
    case code::kUpdateConsumerOffset:
    case code::kSearchOffsetByTimestamp:
    case code::kGetMaxOffset:
    case code::kGetMinOffset:
    case code::kGetEarliestMsgStoretime:
    case code::kUnregisterClient:
    case code::kGetConsumerListByGroup:
    case code::kGetConsumerConnectionList:
    case code::kInvokeBrokerToGetConsumerStatus:
    case code::kGetConsumerRunningInfo:
    case code::kGetTopicConfig:
    case code::kGetSubscriptiongroupConfig:
    case code::kGetTopicStatsInfo:
    case code::kGetConsumeStats:
    case code::kQueryConsumeQueue:
    case code::kQueryConsumeTimeSpan:
    case code::kQueryTopicConsumeByWho:
    case code::kQueryTopicsByConsumer:
    case code::kQuerySubscriptionByConsumer: return in_fields(request);
    default:  // where a new request names its topics and groups must be said here first
      return fail(Errc::permission_denied, "request code {} is for administrators", request.code);
  }
}

}  // namespace gantry::broker
