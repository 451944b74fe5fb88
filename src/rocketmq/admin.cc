#include "rocketmq/admin.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "rocketmq/gather.h"
#include "rocketmq/queue_client.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/reset_offset.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/fastjson.h"
#include "wire/headers/admin.h"
#include "wire/headers/group.h"
#include "wire/headers/offset.h"
#include "wire/headers/send.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
namespace code = wire::request_code;
namespace rc = wire::response_code;

template <class Body>
Result<Body> body_of(const Result<wire::Command>& response, const std::string& from) {
  if (!response) return std::unexpected(response.error());
  auto body = wire::decode_body<Body>(response->body);
  if (!body) return std::unexpected(in_context("answer of " + from, body.error()));
  return body;
}

}  // namespace

asio::awaitable<Result<wire::Command>> AdminQueries::call(std::string address, wire::Command request) {
  const auto time = cluster_->time_for_a_request(deadline_);
  if (time == std::chrono::milliseconds::zero()) co_return fail(Errc::timeout, "broker {}: no time was left", address);
  co_return co_await cluster_->call(address, std::move(request), time);
}

asio::awaitable<Result<wire::Command>> AdminQueries::call_ok(std::string address, wire::Command request) {
  const auto time = cluster_->time_for_a_request(deadline_);
  if (time == std::chrono::milliseconds::zero()) co_return fail(Errc::timeout, "broker {}: no time was left", address);
  co_return co_await cluster_->call_ok(address, std::move(request), time);
}

asio::awaitable<Result<std::vector<std::string>>> AdminQueries::topic_list() {
  auto response =
      co_await cluster_->ask_name_server(wire::make_request(code::kGetAllTopicListFromNameserver), deadline_);
  if (response && response->code != rc::kSuccess) co_return std::unexpected(error_of_name_server(*response, ""));
  auto body = body_of<wire::TopicList>(response, "name server");
  if (!body) co_return std::unexpected(body.error());
  std::sort(body->topic_list.begin(), body->topic_list.end());
  co_return std::move(body->topic_list);
}

asio::awaitable<Result<wire::ClusterInfo>> AdminQueries::cluster_info() {
  auto response = co_await cluster_->ask_name_server(wire::make_request(code::kGetBrokerClusterInfo), deadline_);
  if (response && response->code != rc::kSuccess) co_return std::unexpected(error_of_name_server(*response, ""));
  co_return body_of<wire::ClusterInfo>(response, "name server");
}

asio::awaitable<Result<std::map<std::string, std::string>>> AdminQueries::masters() {
  auto info = co_await cluster_info();
  if (!info) co_return std::unexpected(info.error());
  std::map<std::string, std::string> masters;
  for (const auto& [name, broker] : info->broker_addr_table) {
    if (const std::string* address = master_of(broker)) masters[name] = *address;
  }
  if (masters.empty()) {
    co_return fail(Errc::unavailable, "name server {} knows no broker master: {}", cluster_->config().name_servers,
                   advice_to_start(cluster_->name_servers()));
  }
  co_return masters;
}

asio::awaitable<Result<std::map<std::string, std::string>>> AdminQueries::runtime_info(std::string address) {
  auto response = co_await call_ok(address, wire::make_request(code::kGetBrokerRuntimeInfo));
  auto body = body_of<wire::KVTable>(response, address);
  if (!body) co_return std::unexpected(body.error());
  std::map<std::string, std::string> entries(body->entries.begin(), body->entries.end());
  co_return entries;
}

asio::awaitable<Result<void>> AdminQueries::create_topic(wire::TopicConfig config, std::set<std::string> brokers) {
  auto all = co_await masters();
  if (!all) co_return std::unexpected(all.error());
  for (const std::string& name : brokers) {
    if (!all->contains(name)) co_return fail(Errc::not_found, "broker {} does not exist or has no master", name);
  }
  wire::CreateTopicRequestHeader header;
  header.topic = config.topic_name;
  header.default_topic = wire::kAutoCreateTopic;
  header.read_queue_nums = config.read_queue_nums;
  header.write_queue_nums = config.write_queue_nums;
  header.perm = config.perm;
  header.topic_filter_type = config.topic_filter_type;
  header.topic_sys_flag = config.topic_sys_flag;
  header.order = config.order;
  std::string attributes;
  for (const auto& [name, value] : config.attributes)
    attributes += fmt::format("{}{}={}", attributes.empty() ? "+" : ",+", name, value);
  if (!attributes.empty()) header.attributes = attributes;
  for (const auto& [name, address] : *all) {
    if (!brokers.empty() && !brokers.contains(name)) continue;
    auto response = co_await call_ok(address, wire::make_request(code::kUpdateAndCreateTopic, header));
    if (!response) co_return std::unexpected(response.error());
  }
  cluster_->forget_route(config.topic_name);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> AdminQueries::delete_topic(std::string topic) {
  auto all = co_await masters();
  if (!all) co_return std::unexpected(all.error());
  wire::DeleteTopicRequestHeader header;
  header.topic = topic;
  for (const auto& [name, address] : *all) {
    auto response = co_await call_ok(address, wire::make_request(code::kDeleteTopicInBroker, header));
    if (!response) co_return std::unexpected(response.error());
  }
  wire::DeleteTopicFromNamesrvRequestHeader from;
  from.topic = topic;
  for (const std::string& address : cluster_->name_servers()) {
    auto response = co_await call_ok(address, wire::make_request(code::kDeleteTopicInNamesrv, from));
    if (!response) co_return std::unexpected(response.error());
  }
  cluster_->forget_route(topic);
  co_return Result<void>{};
}

asio::awaitable<Result<wire::TopicConfig>> AdminQueries::topic_config(std::string address, std::string topic) {
  wire::GetTopicConfigRequestHeader header;
  header.topic = std::move(topic);
  auto response = co_await call_ok(address, wire::make_request(code::kGetTopicConfig, header));
  co_return body_of<wire::TopicConfig>(response, address);
}

asio::awaitable<Result<wire::TopicStatsTable>> AdminQueries::topic_stats(std::string address, std::string topic) {
  wire::GetTopicStatsInfoRequestHeader header;
  header.topic = std::move(topic);
  auto response = co_await call_ok(address, wire::make_request(code::kGetTopicStatsInfo, header));
  co_return body_of<wire::TopicStatsTable>(response, address);
}

asio::awaitable<Result<std::map<std::int32_t, std::int64_t>>> AdminQueries::delay_offsets(std::string address) {
  auto response = co_await call_ok(address, wire::make_request(code::kGetAllDelayOffset));
  auto body = body_of<wire::DelayOffsets>(response, address);
  if (!body) co_return std::unexpected(body.error());
  co_return std::move(body->offset_table);
}

asio::awaitable<Result<std::map<std::string, std::int64_t>>> AdminQueries::timer_counts(std::string address) {
  auto response = co_await call(address, wire::make_request(code::kGetTimerMetrics));
  if (!response) co_return std::unexpected(response.error());
  std::map<std::string, std::int64_t> counts;
  // brokers older than timers, and those that have them switched off (timerWheelEnable=false)
  const bool none = response->code == rc::kRequestCodeNotSupported ||
                    (response->code == rc::kSystemError && response->remark == "The timer message store is null");
  if (none) co_return counts;
  if (response->code != rc::kSuccess) co_return std::unexpected(error_of_response(*response, "broker " + address));
  auto body = body_of<wire::TimerMetrics>(response, address);
  if (!body) co_return std::unexpected(body.error());
  for (const auto& [topic, metric] : body->timing_count) counts.emplace(topic, metric.count);
  co_return counts;
}

asio::awaitable<Result<wire::ConsumeStats>> AdminQueries::consume_stats(std::string address, std::string group,
                                                                        std::string topic) {
  wire::GetConsumeStatsRequestHeader header;
  header.consumer_group = std::move(group);
  header.topic = std::move(topic);
  auto response = co_await call_ok(address, wire::make_request(code::kGetConsumeStats, header));
  co_return body_of<wire::ConsumeStats>(response, address);
}

asio::awaitable<Result<wire::QueryConsumeTimeSpanBody>> AdminQueries::time_span(std::string address, std::string topic,
                                                                                std::string group) {
  wire::QueryConsumeTimeSpanRequestHeader header;
  header.topic = std::move(topic);
  header.group = std::move(group);
  auto response = co_await call_ok(address, wire::make_request(code::kQueryConsumeTimeSpan, header));
  co_return body_of<wire::QueryConsumeTimeSpanBody>(response, address);
}

asio::awaitable<Result<std::optional<std::int64_t>>> AdminQueries::committed(std::string address, std::string group,
                                                                             MessageQueue queue) {
  wire::QueryConsumerOffsetRequestHeader header;
  header.consumer_group = std::move(group);
  header.topic = queue.topic;
  header.queue_id = queue.queue_id;
  header.set_zero_if_not_found = false;
  header.broker_name = queue.broker_name;
  auto response = co_await call(address, wire::make_request(code::kQueryConsumerOffset, header));
  if (!response) co_return std::unexpected(response.error());
  if (response->code == rc::kQueryNotFound) co_return std::optional<std::int64_t>{};
  if (response->code != rc::kSuccess) co_return std::unexpected(error_of_response(*response, "broker " + address));
  auto fields = wire::decode_header<wire::QueryConsumerOffsetResponseHeader>(response->fields);
  if (!fields) co_return std::unexpected(fields.error());
  co_return std::optional<std::int64_t>{fields->offset};
}

asio::awaitable<Result<wire::ConsumerConnection>> AdminQueries::consumer_connection(std::string address,
                                                                                    std::string group) {
  wire::GetConsumerConnectionListRequestHeader header;
  header.consumer_group = std::move(group);
  auto response = co_await call_ok(address, wire::make_request(code::kGetConsumerConnectionList, header));
  co_return body_of<wire::ConsumerConnection>(response, address);
}

asio::awaitable<Result<wire::ConsumerRunningInfo>> AdminQueries::consumer_running_info(
    std::string address, std::string group, std::string client_id, std::chrono::milliseconds timeout) {
  wire::GetConsumerRunningInfoRequestHeader header;
  header.consumer_group = std::move(group);
  header.client_id = std::move(client_id);
  auto response =
      co_await cluster_->call_ok(address, wire::make_request(code::kGetConsumerRunningInfo, header), timeout);
  co_return body_of<wire::ConsumerRunningInfo>(response, address);
}

asio::awaitable<Result<wire::SubscriptionGroupWrapper>> AdminQueries::groups(std::string address) {
  auto response = co_await call_ok(address, wire::make_request(code::kGetAllSubscriptiongroupConfig));
  co_return body_of<wire::SubscriptionGroupWrapper>(response, address);
}

asio::awaitable<Result<std::vector<std::string>>> AdminQueries::groups_of_topic(std::string address,
                                                                                std::string topic) {
  wire::QueryTopicConsumeByWhoRequestHeader header;
  header.topic = std::move(topic);
  auto response = co_await call_ok(address, wire::make_request(code::kQueryTopicConsumeByWho, header));
  auto body = body_of<wire::GroupList>(response, address);
  if (!body) co_return std::unexpected(body.error());
  co_return std::move(body->group_list);
}

asio::awaitable<Result<std::vector<std::string>>> AdminQueries::topics_of_group(std::string address,
                                                                                std::string group) {
  wire::QueryTopicsByConsumerRequestHeader header;
  header.group = std::move(group);
  auto response = co_await call_ok(address, wire::make_request(code::kQueryTopicsByConsumer, header));
  auto body = body_of<wire::TopicList>(response, address);
  if (!body) co_return std::unexpected(body.error());
  co_return std::move(body->topic_list);
}

asio::awaitable<Result<void>> AdminQueries::delete_group(std::string group, bool clean_offsets) {
  auto all = co_await masters();
  if (!all) co_return std::unexpected(all.error());
  wire::DeleteSubscriptionGroupRequestHeader header;
  header.group_name = std::move(group);
  header.clean_offset = clean_offsets;
  for (const auto& [name, address] : *all) {
    auto response = co_await call_ok(address, wire::make_request(code::kDeleteSubscriptiongroup, header));
    if (!response) co_return std::unexpected(response.error());
  }
  co_return Result<void>{};
}

asio::awaitable<Result<ResetResult>> AdminQueries::reset_offsets(std::string topic, std::string group,
                                                                 std::int64_t time_ms) {
  auto route = co_await cluster_->route(topic, Freshness::now, deadline_);
  if (!route) co_return std::unexpected(route.error());
  for (const wire::QueueData& data : route->queues) {
    if (route->master(data.broker_name) == nullptr) {
      co_return fail(Errc::unavailable, "broker {} has no master: offsets cannot be set now", data.broker_name);
    }
  }
  ResetResult result;
  std::set<std::string> told;  // brokers whose consumers set the offsets themselves
  for (const wire::QueueData& data : route->queues) {
    const std::string address = *route->master(data.broker_name);
    wire::ResetOffsetRequestHeader header;
    header.group = group;
    header.topic = topic;
    header.timestamp_ms = time_ms;
    header.is_force = true;
    wire::Command request = wire::make_request(code::kInvokeBrokerToResetOffset, header);
    // the broker passes the offsets on in the form for the asker's language, and most consumers are Java's; ours read
    // both
    request.language = wire::Language{};
    request.language.code = 0;
    auto response = co_await call(address, std::move(request));
    if (!response) co_return std::unexpected(response.error());
    if (response->code == rc::kSuccess) {
      auto body = wire::decode_body<wire::ResetOffsetBody>(response->body);
      if (body) {
        told.insert(data.broker_name);
        result.online = true;
        for (const auto& [queue, offset] : body->offset_table) result.offsets.push_back(QueueOffset{queue, offset});
      }
    } else if (response->code == rc::kTopicNotExist || response->code == rc::kNoPermission) {
      co_return std::unexpected(error_of_response(*response, "broker " + address));
    }
  }
  QueueClient queues(cluster_, group);
  for (const MessageQueue& queue : route->read_queues()) {
    if (told.contains(queue.broker_name)) continue;
    // no conditional operator around co_await: g++ 12 copies its result bit by bit
    Result<std::int64_t> offset = std::int64_t{0};
    if (time_ms < 0) {
      offset = co_await queues.max_offset(queue);
    } else {
      offset = co_await queues.offset_at(queue, time_ms);
    }
    if (!offset) co_return std::unexpected(offset.error());
    const std::int64_t to = std::max<std::int64_t>(*offset, 0);
    auto stored = co_await queues.commit(queue, to);
    if (!stored) co_return std::unexpected(stored.error());
    result.offsets.push_back(QueueOffset{queue, to});
  }
  std::sort(result.offsets.begin(), result.offsets.end(),
            [](const QueueOffset& a, const QueueOffset& b) { return a.queue < b.queue; });
  co_return result;
}

}  // namespace gantry::rocketmq
