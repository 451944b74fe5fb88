#include "rocketmq/pop_client.h"

#include <algorithm>
#include <map>

#include "rocketmq/identity.h"
#include "rocketmq/received.h"
#include "wire/codes.h"
#include "wire/pop_receipt.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;
namespace code = wire::request_code;
namespace rc = wire::response_code;

using QueueKey = std::pair<wire::RetryKind, std::int32_t>;

// A header that names the message by its receipt.
template <class Header>
Header about(const ReceivedMessage& message, const wire::PopReceipt& receipt, const std::string& group) {
  Header header;
  header.consumer_group = group;
  header.topic = wire::real_topic(message.topic, group, receipt.retry);
  header.queue_id = receipt.queue_id;
  header.extra_info = message.receipt;
  header.offset = receipt.queue_offset.value_or(message.queue_offset);
  header.broker_name = receipt.broker_name;
  return header;
}

}  // namespace

void fill_receipts(const wire::PopMessageResponseHeader& header, const std::string& broker_name,
                   std::vector<ReceivedMessage>& messages) {
  std::map<QueueKey, std::int64_t> starts;
  std::map<QueueKey, std::vector<std::int64_t>> offsets;
  if (header.start_offset_info) {
    if (auto list = wire::decode_start_offsets(*header.start_offset_info)) {
      for (const auto& start : *list) starts[{start.retry, start.queue_id}] = start.start_offset;
    }
  }
  if (header.msg_offset_info) {
    if (auto list = wire::decode_message_offsets(*header.msg_offset_info)) {
      for (const auto& entry : *list) offsets[{entry.retry, entry.queue_id}] = entry.offsets;
    }
  }
  // the n-th message of a queue, by offset, stands for the n-th entry of its list
  std::map<QueueKey, std::vector<std::int64_t>> sorted;
  for (const ReceivedMessage& message : messages) {
    sorted[{wire::retry_kind_of(message.queue.topic), message.queue.queue_id}].push_back(message.queue_offset);
  }
  for (auto& [key, list] : sorted) std::sort(list.begin(), list.end());

  for (ReceivedMessage& message : messages) {
    if (!message.receipt.empty()) continue;
    wire::PopReceipt receipt;
    receipt.pop_time_ms = header.pop_time_ms;
    receipt.invisible_time_ms = header.invisible_time_ms;
    receipt.revive_queue_id = header.revive_queue_id;
    receipt.retry = wire::retry_kind_of(message.queue.topic);
    receipt.broker_name = broker_name;
    receipt.queue_id = message.queue.queue_id;
    const QueueKey key{receipt.retry, receipt.queue_id};
    const auto& own = sorted[key];
    std::int64_t offset = message.queue_offset;
    if (auto list = offsets.find(key); list != offsets.end()) {
      const auto index = static_cast<std::size_t>(std::lower_bound(own.begin(), own.end(), offset) - own.begin());
      if (index < list->second.size()) offset = list->second[index];
    }
    auto start = starts.find(key);
    receipt.start_offset = start != starts.end() ? start->second : own.front();
    receipt.queue_offset = offset;
    message.receipt = wire::encode_receipt(receipt);
  }
}

asio::awaitable<Result<std::vector<ReceivedMessage>>> PopClient::pop(std::string address, PopRequest pop,
                                                                     const wire::SubscriptionData& subscription) {
  wire::PopMessageRequestHeader header;
  header.consumer_group = group_;
  header.topic = pop.topic;
  header.queue_id = pop.queue_id;
  header.max_messages = pop.batch_max;
  header.invisible_time_ms = pop.invisible_time.count();
  header.poll_time_ms = pop.poll_timeout.count();
  header.born_time_ms = unix_now_ms();
  header.init_mode = pop.from_earliest ? 0 : 1;
  header.exp_type = subscription.expression_type;
  header.exp = subscription.sub_string;
  header.order = false;
  header.broker_name = pop.broker_name;
  constexpr std::chrono::milliseconds kGrace{10'000};
  auto response =
      co_await cluster_->call(address, wire::make_request(code::kPopMessage, header), pop.poll_timeout + kGrace);
  if (!response) co_return std::unexpected(response.error());
  switch (response->code) {
    case rc::kSuccess: break;
    case rc::kPollingFull:
      co_return fail(Errc::resource_exhausted, "broker {} holds too many long polls already", address);
    case rc::kPollingTimeout:
    case rc::kPullNotFound: co_return std::vector<ReceivedMessage>{};
    default: co_return std::unexpected(error_of_response(*response, "broker " + address));
  }
  auto fields = wire::decode_header<wire::PopMessageResponseHeader>(response->fields);
  if (!fields) co_return std::unexpected(in_context("broker " + address, fields.error()));
  auto messages = decode_messages(response->body, pop.broker_name);
  if (!messages) co_return std::unexpected(messages.error());
  fill_receipts(*fields, pop.broker_name, *messages);
  for (ReceivedMessage& message : *messages) {
    if (message.queue.topic == message.topic) message.topic = pop.topic;
  }
  co_return messages;
}

asio::awaitable<Result<void>> PopClient::ack(std::string address, const ReceivedMessage& message) {
  auto receipt = wire::decode_receipt(message.receipt);
  if (!receipt) co_return std::unexpected(receipt.error());
  auto header = about<wire::AckMessageRequestHeader>(message, *receipt, group_);
  auto response = co_await cluster_->call_ok(address, wire::make_request(code::kAckMessage, header));
  if (!response) co_return std::unexpected(response.error());
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PopClient::change_invisible_time(std::string address, ReceivedMessage& message,
                                                               std::chrono::milliseconds invisible_time) {
  auto receipt = wire::decode_receipt(message.receipt);
  if (!receipt) co_return std::unexpected(receipt.error());
  auto header = about<wire::ChangeInvisibleTimeRequestHeader>(message, *receipt, group_);
  header.invisible_time_ms = invisible_time.count();
  auto response = co_await cluster_->call_ok(address, wire::make_request(code::kChangeMessageInvisibletime, header));
  if (!response) co_return std::unexpected(response.error());
  auto fields = wire::decode_header<wire::ChangeInvisibleTimeResponseHeader>(response->fields);
  if (!fields) co_return std::unexpected(in_context("broker " + address, fields.error()));
  // Rule: MQClientAPIImpl.changeInvisibleTimeAsync: the new handle starts at the message itself
  receipt->start_offset = header.offset;
  receipt->pop_time_ms = fields->pop_time_ms;
  receipt->invisible_time_ms = fields->invisible_time_ms;
  receipt->revive_queue_id = fields->revive_queue_id;
  message.receipt = wire::encode_receipt(*receipt);
  co_return Result<void>{};
}

}  // namespace gantry::rocketmq
