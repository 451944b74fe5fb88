#include "rocketmq/queue_client.h"

#include "queueing/subscription.h"
#include "rocketmq/received.h"
#include "wire/codes.h"
#include "wire/headers/offset.h"
#include "wire/headers/pull.h"
#include "wire/headers/send.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;
namespace code = wire::request_code;
namespace rc = wire::response_code;

// A header that names the queue it is about.
template <class Header>
Header about(const MessageQueue& queue) {
  Header header;
  header.topic = queue.topic;
  header.queue_id = queue.queue_id;
  header.broker_name = queue.broker_name;
  return header;
}

template <class Header>
Result<std::int64_t> offset_in(const wire::Command& response) {
  auto header = wire::decode_header<Header>(response.fields);
  if (!header) return std::unexpected(header.error());
  return header->offset;
}

}  // namespace

asio::awaitable<Result<std::string>> QueueClient::address_of(const MessageQueue& queue) {
  auto route = co_await cluster_->route(queue.topic);
  if (!route) co_return std::unexpected(route.error());
  const wire::BrokerData* broker = route->find_broker(queue.broker_name);
  if (broker == nullptr || broker->broker_addrs.empty()) {
    cluster_->forget_route(queue.topic);
    co_return fail(Errc::unavailable, "broker {} is not in the route of topic {}", queue.broker_name, queue.topic);
  }
  co_return broker->broker_addrs.begin()->second;  // the lowest id: the master when there is one
}

asio::awaitable<Result<wire::Command>> QueueClient::call_ok(const MessageQueue& queue, wire::Command request) {
  auto address = co_await address_of(queue);
  if (!address) co_return std::unexpected(address.error());
  co_return co_await cluster_->call_ok(*address, std::move(request));
}

template <class Header>
asio::awaitable<Result<std::int64_t>> QueueClient::ask_offset(MessageQueue queue, wire::Command request) {
  auto response = co_await call_ok(queue, std::move(request));
  if (!response) co_return std::unexpected(response.error());
  co_return offset_in<Header>(*response);
}

asio::awaitable<Result<std::optional<std::int64_t>>> QueueClient::committed(MessageQueue queue) {
  auto address = co_await address_of(queue);
  if (!address) co_return std::unexpected(address.error());
  auto header = about<wire::QueryConsumerOffsetRequestHeader>(queue);
  header.consumer_group = group_;
  header.set_zero_if_not_found = false;
  auto response = co_await cluster_->call(*address, wire::make_request(code::kQueryConsumerOffset, header));
  if (!response) co_return std::unexpected(response.error());
  if (response->code == rc::kQueryNotFound) co_return std::optional<std::int64_t>{};
  if (response->code != rc::kSuccess) co_return std::unexpected(error_of_response(*response, "broker " + *address));
  auto offset = offset_in<wire::QueryConsumerOffsetResponseHeader>(*response);
  if (!offset) co_return std::unexpected(offset.error());
  co_return std::optional<std::int64_t>{*offset};
}

asio::awaitable<Result<void>> QueueClient::commit(MessageQueue queue, std::int64_t offset) {
  auto header = about<wire::UpdateConsumerOffsetRequestHeader>(queue);
  header.consumer_group = group_;
  header.commit_offset = offset;
  auto response = co_await call_ok(queue, wire::make_request(code::kUpdateConsumerOffset, header));
  if (!response) co_return std::unexpected(response.error());
  co_return Result<void>{};
}

asio::awaitable<Result<std::int64_t>> QueueClient::min_offset(MessageQueue queue) {
  auto request = wire::make_request(code::kGetMinOffset, about<wire::GetMinOffsetRequestHeader>(queue));
  return ask_offset<wire::GetMinOffsetResponseHeader>(std::move(queue), std::move(request));
}

asio::awaitable<Result<std::int64_t>> QueueClient::max_offset(MessageQueue queue) {
  auto request = wire::make_request(code::kGetMaxOffset, about<wire::GetMaxOffsetRequestHeader>(queue));
  return ask_offset<wire::GetMaxOffsetResponseHeader>(std::move(queue), std::move(request));
}

asio::awaitable<Result<std::int64_t>> QueueClient::offset_at(MessageQueue queue, std::int64_t time_ms) {
  auto header = about<wire::SearchOffsetRequestHeader>(queue);
  header.timestamp_ms = time_ms;
  auto request = wire::make_request(code::kSearchOffsetByTimestamp, header);
  return ask_offset<wire::SearchOffsetResponseHeader>(std::move(queue), std::move(request));
}

asio::awaitable<Result<PullAnswer>> QueueClient::pull(MessageQueue queue, std::int64_t offset,
                                                      const wire::SubscriptionData& subscription,
                                                      std::int32_t batch_max, std::chrono::milliseconds poll_timeout) {
  auto address = co_await address_of(queue);
  if (!address) co_return std::unexpected(address.error());
  auto header = about<wire::PullMessageRequestHeader>(queue);
  header.consumer_group = group_;
  header.queue_offset = offset;
  header.max_messages = batch_max;
  header.sys_flag = wire::pull_flag::kSuspend | wire::pull_flag::kSubscription;
  header.suspend_timeout_ms = poll_timeout.count();
  header.subscription = subscription.sub_string;
  header.sub_version = subscription.sub_version;
  header.expression_type = subscription.expression_type;
  constexpr std::chrono::milliseconds kGrace{10'000};  // the broker answers after its suspension, plus its own delay
  auto response =
      co_await cluster_->call(*address, wire::make_request(code::kPullMessage, header), poll_timeout + kGrace);
  if (!response) {
    cluster_->forget_route(queue.topic);
    co_return std::unexpected(response.error());
  }

  PullAnswer answer;
  switch (response->code) {
    case rc::kSuccess: answer.status = PullAnswer::Status::found; break;
    case rc::kPullNotFound:
    case rc::kPullRetryImmediately: answer.status = PullAnswer::Status::nothing_new; break;
    case rc::kPullOffsetMoved: answer.status = PullAnswer::Status::offset_moved; break;
    default: co_return std::unexpected(error_of_response(*response, "broker " + *address));
  }
  auto fields = wire::decode_header<wire::PullMessageResponseHeader>(response->fields);
  if (!fields) co_return std::unexpected(in_context("broker " + *address, fields.error()));
  answer.next_offset = fields->next_begin_offset;
  answer.min_offset = fields->min_offset;
  answer.max_offset = fields->max_offset;
  if (answer.status == PullAnswer::Status::found) {
    auto messages = decode_messages(response->body, queue.broker_name);
    if (!messages) co_return std::unexpected(messages.error());
    std::erase_if(*messages,
                  [&](const ReceivedMessage& message) { return !queueing::matches_tag(subscription, message.tag); });
    answer.messages = std::move(*messages);
    // where a message was read is what counts, whatever its record says (logical queues)
    for (ReceivedMessage& message : answer.messages) message.queue = queue;
  }
  co_return answer;
}

asio::awaitable<Result<void>> QueueClient::send_back(const ReceivedMessage& message, std::int32_t reconsume_times_max) {
  wire::ConsumerSendMsgBackRequestHeader header;
  header.offset = message.commit_log_offset;
  header.group = group_;
  header.delay_level = 0;
  header.origin_msg_id = message.offset_message_id;
  header.origin_topic = message.queue.topic;
  header.max_reconsume_times = reconsume_times_max;
  header.broker_name = message.queue.broker_name;
  auto response = co_await call_ok(message.queue, wire::make_request(code::kConsumerSendMsgBack, header));
  if (!response) co_return std::unexpected(response.error());
  co_return Result<void>{};
}

}  // namespace gantry::rocketmq
