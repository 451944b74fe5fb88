// What the fake broker answers to administrators and to readers of lag.
#pragma once

#include "unit/rocketmq/fake_broker.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/consumer_offsets.h"
#include "wire/bodies/delayed.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic.h"
#include "wire/body.h"
#include "wire/headers/admin.h"

namespace gantry::rocketmq::fake {

inline void serve_admin(Broker& broker) {
  broker.on(code::kGetTopicStatsInfo, [&broker](remoting::Request& request) {
    const std::string topic = Broker::header_of<wire::GetTopicStatsInfoRequestHeader>(request).topic;
    if (broker.missing(request, topic)) return;
    wire::TopicStatsTable table;
    for (const auto& [queue, records] : broker.queues) {
      if (queue.first != topic) continue;
      wire::TopicOffset& entry = table.offset_table[{broker.name, queue.second, topic}];
      entry.min_offset = broker.min_offsets[queue];
      entry.max_offset = broker.max_of(topic, queue.second);
    }
    Broker::answer_body(request, wire::encode_body(table));
  });
  broker.on(code::kGetConsumeStats, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::GetConsumeStatsRequestHeader>(request);
    wire::ConsumeStats stats;
    for (const auto& [queue, records] : broker.queues) {
      if (header.topic && queue.first != header.topic) continue;
      auto committed = broker.offsets.find({header.consumer_group, queue.first, queue.second});
      if (!header.topic && committed == broker.offsets.end()) continue;  // unnamed: those that the group committed in
      wire::OffsetWrapper& entry = stats.offset_table[{broker.name, queue.second, queue.first}];
      entry.broker_offset = broker.max_of(queue.first, queue.second);
      entry.consumer_offset = committed == broker.offsets.end() ? 0 : committed->second;
      entry.pull_offset = entry.consumer_offset;
    }
    if (broker.edit_consume_stats) broker.edit_consume_stats(stats);
    std::string body = wire::encode_body(stats);
    if (broker.edit_consume_stats_text) body = broker.edit_consume_stats_text(std::move(body));
    Broker::answer_body(request, std::move(body));
  });
  broker.on(code::kQueryConsumeTimeSpan, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::QueryConsumeTimeSpanRequestHeader>(request);
    if (broker.missing(request, header.topic)) return;
    wire::QueryConsumeTimeSpanBody body;
    for (const auto& [queue, records] : broker.queues) {
      if (queue.first != header.topic) continue;
      wire::QueueTimeSpan span;
      span.message_queue = {broker.name, queue.second, queue.first};
      span.delay_time_ms = broker.delay_ms;
      body.consume_time_span_set.push_back(span);
    }
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kGetAllDelayOffset, [&broker](remoting::Request& request) {
    wire::DelayOffsets body;
    body.offset_table = broker.delay_offsets;
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kGetTimerMetrics, [&broker](remoting::Request& request) {
    wire::TimerMetrics body;
    for (const auto& [topic, count] : broker.timers) body.timing_count[topic].count = count;
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kGetConsumerConnectionList, [&broker](remoting::Request& request) {
    const std::string group = Broker::header_of<wire::GetConsumerConnectionListRequestHeader>(request).consumer_group;
    if (broker.members[group].empty()) return request.reply.send(rc::kConsumerNotOnline, "not online");
    wire::ConsumerConnection body;
    body.consume_type = broker.consume_types[group];
    for (auto& [id, peer] : broker.members[group]) {
      wire::Connection connection;
      connection.client_id = id;
      body.connection_set.push_back(connection);
    }
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kUpdateAndCreateTopic, [&broker](remoting::Request& request) {
    broker.topics.insert(Broker::header_of<wire::CreateTopicRequestHeader>(request).topic);
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kDeleteTopicInBroker, [&broker](remoting::Request& request) {
    broker.topics.erase(Broker::header_of<wire::DeleteTopicRequestHeader>(request).topic);
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kGetAllTopicConfig, [&broker](remoting::Request& request) {
    wire::TopicConfigSerializeWrapper body;
    for (const std::string& topic : broker.topics) body.topic_config_table[topic].topic_name = topic;
    for (auto& [topic, config] : body.topic_config_table) {
      config.read_queue_nums = config.write_queue_nums = 0;
      for (const auto& [queue, records] : broker.queues) {
        if (queue.first == topic) config.write_queue_nums = ++config.read_queue_nums;
      }
    }
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kGetAllConsumerOffset, [&broker](remoting::Request& request) {
    wire::ConsumerOffsets body;
    for (const auto& [name, offset] : broker.offsets) {
      const auto& [group, topic, queue_id] = name;
      body.offset_table[topic + "@" + group][queue_id] = offset;
    }
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kGetAllProducerInfo, [](remoting::Request& request) {
    Broker::answer_body(request, wire::encode_body(wire::ProducerTableInfo{}));
  });
  broker.on(code::kGetBrokerRuntimeInfo, [&broker](remoting::Request& request) {
    wire::KVTable table;
    table.entries = broker.runtime;
    table.entries["brokerVersionDesc"] = "V5_3_3";
    Broker::answer_body(request, wire::encode_body(table));
  });
  broker.on(code::kGetAllSubscriptiongroupConfig, [&broker](remoting::Request& request) {
    wire::SubscriptionGroupWrapper body;
    for (const auto& [group, clients] : broker.members) body.subscription_group_table[group].group_name = group;
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kQueryTopicConsumeByWho, [&broker](remoting::Request& request) {
    wire::GroupList body;
    for (const auto& [group, clients] : broker.members) body.group_list.push_back(group);
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kQueryTopicsByConsumer, [&broker](remoting::Request& request) {
    wire::TopicList body;
    body.topic_list.assign(broker.topics.begin(), broker.topics.end());
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kGetTopicConfig, [](remoting::Request& request) {
    wire::TopicConfig body;
    body.topic_name = Broker::header_of<wire::GetTopicConfigRequestHeader>(request).topic;
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kDeleteSubscriptiongroup, [&broker](remoting::Request& request) {
    broker.members.erase(Broker::header_of<wire::DeleteSubscriptionGroupRequestHeader>(request).group_name);
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kInvokeBrokerToResetOffset, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::ResetOffsetRequestHeader>(request);
    if (broker.members[header.group].empty()) return request.reply.send(rc::kConsumerNotOnline, "not online");
    wire::ResetOffsetBody body;
    for (const auto& [queue, records] : broker.queues) {
      if (queue.first == header.topic) body.offset_table[{broker.name, queue.second, queue.first}] = 0;
    }
    for (auto& [id, peer] : broker.members[header.group]) {
      wire::Command notice = wire::make_request(code::kResetConsumerClientOffset, header);
      notice.body = wire::encode_body(body);
      peer->send_oneway(std::move(notice));
    }
    Broker::answer_body(request, wire::encode_body(body));
  });
}

}  // namespace gantry::rocketmq::fake
