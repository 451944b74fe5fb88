// PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361), with long polling.
// Rule: org.apache.rocketmq.broker.processor.PullMessageProcessor, org.apache.rocketmq.store.DefaultMessageStore.
#include <algorithm>

#include "broker/arrivals.h"
#include "broker/clients.h"
#include "broker/config.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/handlers/support.h"
#include "broker/offsets.h"
#include "broker/queue_scan.h"
#include "broker/tag_filter.h"
#include "broker/topics.h"
#include "store/store.h"
#include "wire/bodies/heartbeat.h"
#include "wire/headers/pull.h"

namespace gantry::broker {

namespace {

namespace code = wire::response_code;

constexpr std::int64_t kSuspendMsMax = 120'000;

// One pull, as long as it waits.
struct Pull {
  remoting::Reply reply;
  std::shared_ptr<remoting::Peer> from;
  wire::PullMessageRequestHeader header;
  queueing::Subscription subscription;
  std::int32_t group_sys_flag = 0;
  std::int64_t scan_from = 0;  // everything before was looked at and did not match
};

struct Found {
  std::int32_t code = code::kPullNotFound;
  std::string_view remark;
  std::int64_t next_offset = 0, min_offset = 0, max_offset = 0;
  std::size_t messages = 0;
  std::string body;
  std::string reason;  // of an error: what remark points to
};

Found scan(BrokerContext& broker, const Pull& pull, const store::Queue& queue) {
  Found found;
  found.min_offset = queue.min_offset();
  found.max_offset = queue.max_offset();
  found.code = code::kPullRetryImmediately;
  found.remark = "NO_MATCHED_MESSAGE";
  const auto wanted =
      static_cast<std::size_t>(std::clamp(pull.header.max_messages, 1, broker.config.pull_messages_max));
  const auto bytes_max =
      std::min(broker.config.pull_bytes_max,
               static_cast<std::size_t>(std::max(pull.header.max_message_bytes.value_or(INT32_MAX), 100)));
  auto scanned = scan_queue(broker.store.log(), queue, pull.scan_from, pull.subscription, {wanted, bytes_max},
                            [&](std::int64_t, std::string_view record) {
                              if (found.body.empty())
                                found.body.reserve(std::min(bytes_max, wanted * (record.size() + std::size_t{64})));
                              found.body.append(record);
                              ++found.messages;
                            });
  found.next_offset = scanned.next;
  if (found.messages != 0) {
    found.code = code::kSuccess;
    found.remark = "FOUND";
  } else if (scanned.error) {  // "try again at once" would make clients spin
    broker.unreadable(pull.header.topic, pull.header.queue_id, *scanned.error);
    found.code = code::kSystemError;
    found.reason = std::move(scanned.error->message);
  }
  return found;
}

Found find_messages(BrokerContext& broker, const Pull& pull, const store::Queue* queue) {
  Found found;
  const std::int64_t offset = pull.scan_from;
  found.next_offset = offset;
  if (queue == nullptr || queue->max_offset() == 0) {
    found.remark = "NO_MESSAGE_IN_QUEUE";
    found.next_offset = 0;
    if (offset != 0) found.code = code::kPullOffsetMoved;
    return found;
  }
  found.min_offset = queue->min_offset();
  found.max_offset = queue->max_offset();
  if (offset < found.min_offset) {
    found.code = code::kPullOffsetMoved;
    found.remark = "OFFSET_TOO_SMALL";
    found.next_offset = found.min_offset;
  } else if (offset == found.max_offset) {
    found.remark = "OFFSET_OVERFLOW_ONE";
  } else if (offset > found.max_offset) {
    found.code = code::kPullOffsetMoved;
    found.remark = "OFFSET_OVERFLOW_BADLY";
    found.next_offset = found.max_offset;
  } else {
    return scan(broker, pull, *queue);
  }
  return found;
}

void answer(BrokerContext& broker, Pull pull, Found found, std::int32_t topic_sys_flag) {
  if (found.code == code::kSuccess) {
    broker.counters.messages_out += found.messages;
    broker.counters.bytes_out += found.body.size();
    broker.offsets.pulled(pull.header.consumer_group, pull.header.topic, pull.header.queue_id, found.next_offset);
  }
  wire::PullMessageResponseHeader header;
  header.next_begin_offset = found.next_offset;
  header.min_offset = found.min_offset;
  header.max_offset = found.max_offset;
  header.topic_sys_flag = topic_sys_flag;
  header.group_sys_flag = pull.group_sys_flag;
  wire::Command response = response_with(pull.reply, header, found.code, found.remark);
  response.body = std::move(found.body);
  pull.reply.send(std::move(response));
}

void serve(BrokerContext& broker, std::shared_ptr<Pull> pull, Arrivals::Clock::time_point deadline, bool may_wait) {
  if (!pull->from->is_open()) return;
  Topic* topic = broker.topics.find(pull->header.topic);
  if (topic == nullptr)
    return pull->reply.send(code::kTopicNotExist, fmt::format("topic[{}] not exist", pull->header.topic));
  Found found = find_messages(broker, *pull, broker.topics.written_queue(*topic, pull->header.queue_id));
  const bool passed_by = found.code == code::kPullRetryImmediately;  // messages came, none matched
  const bool waited = pull->scan_from != pull->header.queue_offset;
  if (may_wait && (found.code == code::kPullNotFound || (passed_by && found.next_offset == found.max_offset))) {
    pull->scan_from = found.next_offset;
    auto waits = broker.arrivals.wait(
        pull->header.topic, pull->header.queue_id, deadline,
        [&broker, pull, deadline](bool arrived) mutable { serve(broker, std::move(pull), deadline, arrived); });
    if (waits) return;
  }
  if (found.code == code::kSystemError) return pull->reply.send(found.code, found.reason);
  if (found.code == code::kPullNotFound && waited)
    found.code = code::kPullRetryImmediately;  // tells the client to move on
  const std::int32_t topic_sys_flag = topic->config.topic_sys_flag;
  answer(broker, std::move(*pull), std::move(found), topic_sys_flag);
}

// The subscription of this pull; else the request is answered.
std::optional<queueing::Subscription> subscription_of(BrokerContext& broker, remoting::Reply& reply,
                                                      const wire::PullMessageRequestHeader& header,
                                                      const wire::SubscriptionGroupConfig& group) {
  if ((header.sys_flag & wire::pull_flag::kSubscription) != 0) {
    auto parsed = parse_subscription(header.topic, header.subscription.value_or("*"),
                                     header.expression_type.value_or(""), header.sub_version);
    if (parsed) return std::move(*parsed);
    reply.send(parsed.error().code == Errc::unimplemented ? code::kSystemError : code::kSubscriptionParseFailed,
               parsed.error().message);
    return std::nullopt;
  }
  const auto* state = broker.clients.consumers().find(header.consumer_group);
  if (state == nullptr) {
    reply.send(code::kSubscriptionNotExist, "the consumer's group info not exist");
    return std::nullopt;
  }
  if (!group.consume_broadcast_enable && state->profile.message_model == wire::kBroadcasting) {
    reply.send(code::kNoPermission,
               fmt::format("the consumer group[{}] can not consume by broadcast way", header.consumer_group));
    return std::nullopt;
  }
  const auto* subscription = broker.clients.consumers().subscription(header.consumer_group, header.topic);
  if (subscription == nullptr) {
    reply.send(code::kSubscriptionNotExist, "the consumer's subscription not exist");
    return std::nullopt;
  }
  if (subscription->sub_version < header.sub_version) {
    reply.send(code::kSubscriptionNotLatest, "the consumer's subscription not latest");
    return std::nullopt;
  }
  if (!subscription->expression_type.empty() && subscription->expression_type != wire::kExpressionTag) {
    reply.send(code::kSystemError,
               "The broker does not support consumer to filter message by " + subscription->expression_type);
    return std::nullopt;
  }
  return *subscription;
}

}  // namespace

void handle_pull_message(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::PullMessageRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  auto group = broker.groups.get(header->consumer_group);
  if (!group) return request.reply.send(code::kSubscriptionGroupNotExist, group.error().message);
  if (!(*group)->consume_enable) {
    return request.reply.send(code::kNoPermission, "subscription group no permission, " + header->consumer_group);
  }
  Topic* topic = readable_topic(broker, request.reply, header->topic, header->queue_id);
  if (topic == nullptr) return;
  if (!topic->readable()) {
    return request.reply.send(code::kNoPermission,
                              fmt::format("the topic[{}] pulling message is forbidden", header->topic));
  }
  auto subscription = subscription_of(broker, request.reply, *header, **group);
  if (!subscription) return;
  if ((header->sys_flag & wire::pull_flag::kCommitOffset) != 0) {
    broker.offsets.commit(header->consumer_group, header->topic, header->queue_id, header->commit_offset);
  }
  const bool may_wait = (header->sys_flag & wire::pull_flag::kSuspend) != 0;
  const auto deadline = Arrivals::Clock::now() + std::chrono::milliseconds(std::clamp<std::int64_t>(
                                                     header->suspend_timeout_ms, 0, kSuspendMsMax));
  auto pull = std::make_shared<Pull>();
  pull->scan_from = header->queue_offset;
  pull->group_sys_flag = (*group)->group_sys_flag;
  pull->reply = std::move(request.reply);
  pull->from = std::move(request.from);
  pull->header = std::move(*header);
  pull->subscription = std::move(*subscription);
  serve(broker, std::move(pull), deadline, may_wait);
}

}  // namespace gantry::broker
