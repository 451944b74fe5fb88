// A name server and brokers for tests of clients: in memory, on one io_context that the test drives, each answer as a
// Java server gives it, and each made to fail when the test says so. What clients sent is kept for the test to look at.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "remoting/server.h"
#include "rocketmq/cluster.h"
#include "wire/batch.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/heartbeat.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/headers/group.h"
#include "wire/headers/offset.h"
#include "wire/headers/pop.h"
#include "wire/headers/pull.h"
#include "wire/headers/route.h"
#include "wire/headers/send.h"
#include "wire/message.h"
#include "wire/pop_receipt.h"
#include "wire/properties.h"

namespace gantry::rocketmq::fake {

namespace asio = boost::asio;
namespace code = wire::request_code;
namespace rc = wire::response_code;
using namespace std::chrono_literals;

inline bool run_until(asio::io_context& io, const std::function<bool()>& condition,
                      std::chrono::milliseconds within = 20s) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (io.stopped()) io.restart();
    io.run_one_until(std::min(deadline, std::chrono::steady_clock::now() + 20ms));
  }
  return true;
}

// Runs a coroutine to its end and returns its result.
template <class T>
T await(asio::io_context& io, asio::awaitable<T> coroutine) {
  std::optional<T> result;
  asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    result.emplace(std::move(value));
  });
  EXPECT_TRUE(run_until(io, [&] { return result.has_value(); })) << "the coroutine did not end";
  return std::move(*result);
}

inline void await(asio::io_context& io, asio::awaitable<void> coroutine) {
  bool done = false;
  asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr) { done = true; });
  EXPECT_TRUE(run_until(io, [&] { return done; })) << "the coroutine did not end";
}

using QueueName = std::pair<std::string, std::int32_t>;                 // topic, queue id
using OffsetName = std::tuple<std::string, std::string, std::int32_t>;  // group, topic, queue id

class Broker {
 public:
  Broker(asio::io_context& io, std::string broker_name) : name(std::move(broker_name)), server(io, {}) {
    serve();
    EXPECT_TRUE(server.start());
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server.port()); }

  // Stores a message as a producer's would be.
  std::int64_t store(const std::string& topic, std::int32_t queue_id, std::string body, std::string properties = {}) {
    auto& queue = queues[{topic, queue_id}];
    wire::MessageRecord record;
    record.topic = topic;
    record.queue_id = queue_id;
    record.queue_offset = static_cast<std::int64_t>(queue.size());
    record.physical_offset = next_physical_++;
    record.body = std::move(body);
    record.properties = std::move(properties);
    queue.push_back(record);
    return record.queue_offset;
  }

  // The next request of that code is answered with this response code.
  void refuse(std::int32_t request, std::int32_t response) { refusals[request].push_back(response); }

  void notify_members_changed(const std::string& group) {
    wire::NotifyConsumerIdsChangedRequestHeader header;
    header.consumer_group = group;
    for (auto& [id, peer] : members[group]) {
      peer->send_oneway(wire::make_request(code::kNotifyConsumerIdsChanged, header));
    }
  }

  std::string name;
  remoting::Server server;
  std::map<QueueName, std::vector<wire::MessageRecord>> queues;
  std::map<QueueName, std::int64_t> min_offsets;
  std::map<OffsetName, std::int64_t> offsets;
  std::map<std::string, std::map<std::string, std::shared_ptr<remoting::Peer>>> members;  // group -> client id
  std::map<std::string, std::string> consume_types;                                       // group -> type
  std::set<std::string> topics;
  std::map<std::int32_t, std::deque<std::int32_t>> refusals;
  std::map<std::int32_t, int> calls;
  std::vector<wire::SendMessageRequestHeader> sent;
  std::vector<wire::ConsumerSendMsgBackRequestHeader> sent_back;
  std::vector<std::string> acked;              // receipts
  std::vector<std::string> changed;            // receipts whose invisible time was changed
  std::map<std::string, std::int64_t> popped;  // topic -> next offset in queue 0
  std::int64_t delay_ms = 0;                   // what 303 says of every queue
  std::function<void(wire::ConsumeStats&)> edit_consume_stats;
  std::function<std::string(std::string)> edit_consume_stats_text;

 private:
  void on(std::int32_t request_code, std::function<void(remoting::Request&)> answer) {
    server.handle(request_code, [this, request_code, answer](remoting::Request request) {
      ++calls[request_code];
      auto& list = refusals[request_code];
      if (!list.empty()) {
        const std::int32_t refusal = list.front();
        list.pop_front();
        request.reply.send(refusal, "refused by the test");
        return;
      }
      answer(request);
    });
  }

  template <class Header>
  static Header header_of(const remoting::Request& request) {
    auto header = wire::decode_header<Header>(request.command.fields);
    EXPECT_TRUE(header) << header.error().message;
    return header ? *header : Header{};
  }

  template <class Header>
  static void answer_header(remoting::Request& request, const Header& header) {
    auto response = request.reply.response(rc::kSuccess);
    wire::encode_header(header, response.fields);
    request.reply.send(std::move(response));
  }

  static void answer_body(remoting::Request& request, std::string body) {
    auto response = request.reply.response(rc::kSuccess);
    response.body = std::move(body);
    request.reply.send(std::move(response));
  }

  std::int64_t max_of(const std::string& topic, std::int32_t id) {
    auto it = queues.find({topic, id});
    return it == queues.end() ? 0 : static_cast<std::int64_t>(it->second.size());
  }

  bool missing(remoting::Request& request, const std::string& topic) {
    if (topics.contains(topic)) return false;
    for (const auto& [queue, records] : queues) {
      if (queue.first == topic) return false;
    }
    request.reply.send(rc::kTopicNotExist, "topic[" + topic + "] not exist");
    return true;
  }

  void serve() {
    serve_sending();
    serve_consuming();
    serve_pop();
    serve_admin();
  }

  void serve_sending() {
    auto store_sent = [this](remoting::Request& request) {
      auto header = wire::decode_send_header(request.command);
      ASSERT_TRUE(header) << header.error().message;
      sent.push_back(*header);
      wire::SendMessageResponseHeader answer;
      answer.msg_id = "7F00000100002A9F0000000000000000";
      answer.queue_id = header->queue_id;
      if (header->batch.value_or(false)) {
        auto entries = wire::decode_batch(request.command.body);
        ASSERT_TRUE(entries);
        answer.queue_offset = max_of(header->topic, header->queue_id);
        for (const auto& entry : *entries) {
          store(header->topic, header->queue_id, std::string(entry.body), std::string(entry.properties));
        }
      } else {
        answer.queue_offset =
            store(header->topic, header->queue_id, request.command.body, header->properties.value_or(""));
      }
      answer_header(request, answer);
    };
    on(code::kSendMessageV2, store_sent);
    on(code::kSendBatchMessage, store_sent);
    on(code::kConsumerSendMsgBack, [this](remoting::Request& request) {
      sent_back.push_back(header_of<wire::ConsumerSendMsgBackRequestHeader>(request));
      request.reply.send(rc::kSuccess);
    });
  }

  void serve_consuming() {
    on(code::kHeartBeat, [this](remoting::Request& request) {
      auto beat = wire::decode_heartbeat(request.command.body);
      ASSERT_TRUE(beat) << beat.error().message;
      for (const auto& consumer : beat->consumer_data_set) {
        members[consumer.group_name][beat->client_id] = request.from;
        consume_types[consumer.group_name] = consumer.consume_type;
      }
      request.reply.send(rc::kSuccess);
    });
    on(code::kUnregisterClient, [this](remoting::Request& request) {
      auto header = header_of<wire::UnregisterClientRequestHeader>(request);
      members[header.consumer_group.value_or("")].erase(header.client_id);
      request.reply.send(rc::kSuccess);
    });
    on(code::kGetConsumerListByGroup, [this](remoting::Request& request) {
      wire::GetConsumerListByGroupResponseBody body;
      for (auto& [id, peer] : members[header_of<wire::GetConsumerListByGroupRequestHeader>(request).consumer_group]) {
        body.consumer_id_list.push_back(id);
      }
      answer_body(request, wire::encode_body(body));
    });
    on(code::kQueryConsumerOffset, [this](remoting::Request& request) {
      auto header = header_of<wire::QueryConsumerOffsetRequestHeader>(request);
      auto it = offsets.find({header.consumer_group, header.topic, header.queue_id});
      if (it == offsets.end()) return request.reply.send(rc::kQueryNotFound, "Not found");
      answer_header(request, wire::QueryConsumerOffsetResponseHeader{it->second});
    });
    on(code::kUpdateConsumerOffset, [this](remoting::Request& request) {
      auto header = header_of<wire::UpdateConsumerOffsetRequestHeader>(request);
      offsets[{header.consumer_group, header.topic, header.queue_id}] = header.commit_offset;
      request.reply.send(rc::kSuccess);
    });
    on(code::kGetMinOffset, [this](remoting::Request& request) {
      auto header = header_of<wire::GetMinOffsetRequestHeader>(request);
      answer_header(request, wire::GetMinOffsetResponseHeader{min_offsets[{header.topic, header.queue_id}]});
    });
    on(code::kGetMaxOffset, [this](remoting::Request& request) {
      auto header = header_of<wire::GetMaxOffsetRequestHeader>(request);
      answer_header(request, wire::GetMaxOffsetResponseHeader{max_of(header.topic, header.queue_id)});
    });
    on(code::kSearchOffsetByTimestamp,
       [this](remoting::Request& request) { answer_header(request, wire::SearchOffsetResponseHeader{1}); });
    on(code::kPullMessage, [this](remoting::Request& request) { pull(request); });
  }

  void pull(remoting::Request& request) {
    auto header = header_of<wire::PullMessageRequestHeader>(request);
    wire::PullMessageResponseHeader answer;
    answer.min_offset = min_offsets[{header.topic, header.queue_id}];
    answer.max_offset = max_of(header.topic, header.queue_id);
    answer.next_begin_offset = header.queue_offset;
    auto respond = [&](std::int32_t response_code, std::string body) {
      auto response = request.reply.response(response_code);
      wire::encode_header(answer, response.fields);
      response.body = std::move(body);
      request.reply.send(std::move(response));
    };
    if (header.queue_offset < answer.min_offset || header.queue_offset > answer.max_offset) {
      answer.next_begin_offset = header.queue_offset < answer.min_offset ? answer.min_offset : answer.max_offset;
      return respond(rc::kPullOffsetMoved, {});
    }
    if (header.queue_offset == answer.max_offset) {  // a short long poll
      auto timer = std::make_shared<asio::steady_timer>(server_io(), 10ms);
      auto held = std::make_shared<remoting::Request>(std::move(request));
      timer->async_wait([timer, held, answer](boost::system::error_code) {
        auto response = held->reply.response(rc::kPullNotFound);
        wire::encode_header(answer, response.fields);
        held->reply.send(std::move(response));
      });
      return;
    }
    std::string body;
    const auto& queue = queues[{header.topic, header.queue_id}];
    std::int64_t offset = header.queue_offset;
    for (; offset < answer.max_offset && offset < header.queue_offset + header.max_messages; ++offset) {
      EXPECT_TRUE(wire::encode_record(queue[static_cast<std::size_t>(offset)], body));
    }
    answer.next_begin_offset = offset;
    respond(rc::kSuccess, std::move(body));
  }

  void serve_pop() {
    on(code::kPopMessage, [this](remoting::Request& request) {
      auto header = header_of<wire::PopMessageRequestHeader>(request);
      auto& next = popped[header.topic];
      const std::int64_t max = max_of(header.topic, 0);
      if (next == max) {
        auto timer = std::make_shared<asio::steady_timer>(server_io(), 10ms);
        auto held = std::make_shared<remoting::Request>(std::move(request));
        timer->async_wait([timer, held](boost::system::error_code) {
          auto response = held->reply.response(rc::kPollingTimeout);
          wire::encode_header(wire::PopMessageResponseHeader{}, response.fields);
          held->reply.send(std::move(response));
        });
        return;
      }
      wire::PopMessageResponseHeader answer;
      answer.pop_time_ms = 1;
      answer.invisible_time_ms = header.invisible_time_ms;
      answer.start_offset_info = "0 0 " + std::to_string(next);
      std::string body, list;
      for (int n = 0; n < header.max_messages && next < max; ++n, ++next) {
        EXPECT_TRUE(wire::encode_record(queues[{header.topic, 0}][static_cast<std::size_t>(next)], body));
        list += (list.empty() ? "" : ",") + std::to_string(next);
      }
      answer.msg_offset_info = "0 0 " + list;
      auto response = request.reply.response(rc::kSuccess);
      wire::encode_header(answer, response.fields);
      response.body = std::move(body);
      request.reply.send(std::move(response));
    });
    on(code::kAckMessage, [this](remoting::Request& request) {
      acked.push_back(header_of<wire::AckMessageRequestHeader>(request).extra_info);
      request.reply.send(rc::kSuccess);
    });
    on(code::kChangeMessageInvisibletime, [this](remoting::Request& request) {
      changed.push_back(header_of<wire::ChangeInvisibleTimeRequestHeader>(request).extra_info);
      wire::ChangeInvisibleTimeResponseHeader answer;
      answer.pop_time_ms = 2;
      answer.invisible_time_ms = 3;
      answer_header(request, answer);
    });
  }

  void serve_admin() {
    on(code::kGetTopicStatsInfo, [this](remoting::Request& request) {
      const std::string topic = header_of<wire::GetTopicStatsInfoRequestHeader>(request).topic;
      if (missing(request, topic)) return;
      wire::TopicStatsTable table;
      for (const auto& [queue, records] : queues) {
        if (queue.first != topic) continue;
        wire::TopicOffset& entry = table.offset_table[{name, queue.second, topic}];
        entry.min_offset = min_offsets[queue];
        entry.max_offset = max_of(topic, queue.second);
      }
      answer_body(request, wire::encode_body(table));
    });
    on(code::kGetConsumeStats, [this](remoting::Request& request) {
      auto header = header_of<wire::GetConsumeStatsRequestHeader>(request);
      wire::ConsumeStats stats;
      for (const auto& [queue, records] : queues) {
        if (queue.first != header.topic) continue;
        wire::OffsetWrapper& entry = stats.offset_table[{name, queue.second, queue.first}];
        entry.broker_offset = max_of(queue.first, queue.second);
        auto committed = offsets.find({header.consumer_group, queue.first, queue.second});
        entry.consumer_offset = committed == offsets.end() ? 0 : committed->second;
        entry.pull_offset = entry.consumer_offset;
      }
      if (edit_consume_stats) edit_consume_stats(stats);
      std::string body = wire::encode_body(stats);
      if (edit_consume_stats_text) body = edit_consume_stats_text(std::move(body));
      answer_body(request, std::move(body));
    });
    on(code::kQueryConsumeTimeSpan, [this](remoting::Request& request) {
      auto header = header_of<wire::QueryConsumeTimeSpanRequestHeader>(request);
      if (missing(request, header.topic)) return;
      wire::QueryConsumeTimeSpanBody body;
      for (const auto& [queue, records] : queues) {
        if (queue.first != header.topic) continue;
        wire::QueueTimeSpan span;
        span.message_queue = {name, queue.second, queue.first};
        span.delay_time_ms = delay_ms;
        body.consume_time_span_set.push_back(span);
      }
      answer_body(request, wire::encode_body(body));
    });
    on(code::kGetConsumerConnectionList, [this](remoting::Request& request) {
      const std::string group = header_of<wire::GetConsumerConnectionListRequestHeader>(request).consumer_group;
      if (members[group].empty()) return request.reply.send(rc::kConsumerNotOnline, "not online");
      wire::ConsumerConnection body;
      body.consume_type = consume_types[group];
      for (auto& [id, peer] : members[group]) {
        wire::Connection connection;
        connection.client_id = id;
        body.connection_set.push_back(connection);
      }
      answer_body(request, wire::encode_body(body));
    });
    on(code::kUpdateAndCreateTopic, [this](remoting::Request& request) {
      topics.insert(header_of<wire::CreateTopicRequestHeader>(request).topic);
      request.reply.send(rc::kSuccess);
    });
    on(code::kDeleteTopicInBroker, [this](remoting::Request& request) {
      topics.erase(header_of<wire::DeleteTopicRequestHeader>(request).topic);
      request.reply.send(rc::kSuccess);
    });
    on(code::kGetBrokerRuntimeInfo, [](remoting::Request& request) {
      wire::KVTable table;
      table.entries["brokerVersionDesc"] = "V5_3_3";
      answer_body(request, wire::encode_body(table));
    });
    on(code::kGetAllSubscriptiongroupConfig, [this](remoting::Request& request) {
      wire::SubscriptionGroupWrapper body;
      for (const auto& [group, clients] : members) body.subscription_group_table[group].group_name = group;
      answer_body(request, wire::encode_body(body));
    });
    on(code::kQueryTopicConsumeByWho, [this](remoting::Request& request) {
      wire::GroupList body;
      for (const auto& [group, clients] : members) body.group_list.push_back(group);
      answer_body(request, wire::encode_body(body));
    });
    on(code::kQueryTopicsByConsumer, [this](remoting::Request& request) {
      wire::TopicList body;
      body.topic_list.assign(topics.begin(), topics.end());
      answer_body(request, wire::encode_body(body));
    });
    on(code::kGetTopicConfig, [](remoting::Request& request) {
      wire::TopicConfig body;
      body.topic_name = header_of<wire::GetTopicConfigRequestHeader>(request).topic;
      answer_body(request, wire::encode_body(body));
    });
    on(code::kDeleteSubscriptiongroup, [this](remoting::Request& request) {
      members.erase(header_of<wire::DeleteSubscriptionGroupRequestHeader>(request).group_name);
      request.reply.send(rc::kSuccess);
    });
    on(code::kInvokeBrokerToResetOffset, [this](remoting::Request& request) {
      auto header = header_of<wire::ResetOffsetRequestHeader>(request);
      if (members[header.group].empty()) return request.reply.send(rc::kConsumerNotOnline, "not online");
      wire::ResetOffsetBody body;
      for (const auto& [queue, records] : queues) {
        if (queue.first == header.topic) body.offset_table[{name, queue.second, queue.first}] = 0;
      }
      for (auto& [id, peer] : members[header.group]) {
        wire::Command notice = wire::make_request(code::kResetConsumerClientOffset, header);
        notice.body = wire::encode_body(body);
        peer->send_oneway(std::move(notice));
      }
      answer_body(request, wire::encode_body(body));
    });
  }

  asio::io_context& server_io() { return *io_; }

 public:
  asio::io_context* io_ = nullptr;  // set by Servers

 private:
  std::int64_t next_physical_ = 1000;
};

// The name server, and the brokers behind it.
class Servers {
 public:
  explicit Servers(asio::io_context& io) : io(io), server(io, {}) {
    server.handle(code::kGetRouteinfoByTopic, [this](remoting::Request request) {
      auto header = wire::decode_header<wire::GetRouteInfoRequestHeader>(request.command.fields);
      ++route_calls;
      auto found = routes.find(header->topic);
      if (found == routes.end()) {
        request.reply.send(rc::kTopicNotExist, "No topic route info in name server for the topic: " + header->topic);
        return;
      }
      auto response = request.reply.response(rc::kSuccess);
      response.body = wire::encode_body(found->second);
      request.reply.send(std::move(response));
    });
    server.handle(code::kGetBrokerClusterInfo, [this](remoting::Request request) {
      wire::ClusterInfo info;
      for (const auto& broker : brokers) {
        info.broker_addr_table[broker->name] = data_of(*broker);
        info.cluster_addr_table["DefaultCluster"].push_back(broker->name);
      }
      auto response = request.reply.response(rc::kSuccess);
      response.body = wire::encode_body(info);
      request.reply.send(std::move(response));
    });
    server.handle(code::kGetAllTopicListFromNameserver, [this](remoting::Request request) {
      wire::TopicList list;
      for (const auto& [topic, route] : routes) list.topic_list.push_back(topic);
      auto response = request.reply.response(rc::kSuccess);
      response.body = wire::encode_body(list);
      request.reply.send(std::move(response));
    });
    server.handle(code::kDeleteTopicInNamesrv, [this](remoting::Request request) {
      routes.erase(std::string(request.command.fields.get("topic")));
      request.reply.send(rc::kSuccess);
    });
    EXPECT_TRUE(server.start());
  }

  static wire::BrokerData data_of(const Broker& broker, std::int64_t id = 0) {
    wire::BrokerData data;
    data.broker_name = broker.name;
    data.cluster = "DefaultCluster";
    data.broker_addrs[id] = broker.address();
    return data;
  }

  Broker& add_broker(const std::string& name) {
    brokers.push_back(std::make_unique<Broker>(io, name));
    brokers.back()->io_ = &io;
    return *brokers.back();
  }

  // A topic with so many queues on every broker.
  void add_topic(const std::string& topic, std::int32_t queues, std::int32_t perm = 6) {
    wire::TopicRouteData route;
    for (const auto& broker : brokers) {
      route.broker_datas.push_back(data_of(*broker));
      wire::QueueData data;
      data.broker_name = broker->name;
      data.perm = perm;
      data.read_queue_nums = data.write_queue_nums = queues;
      route.queue_datas.push_back(data);
      broker->topics.insert(topic);
      for (std::int32_t id = 0; id < queues; ++id) broker->queues[{topic, id}];
    }
    routes[topic] = route;
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server.port()); }

  std::shared_ptr<Cluster> connect(std::string name_servers = {}) {
    ClusterConfig config;
    config.name_servers = name_servers.empty() ? address() : name_servers;
    config.request_timeout = 2s;
    config.connect_timeout = 1s;
    auto cluster = Cluster::create(io, config);
    EXPECT_TRUE(cluster);
    return *cluster;
  }

  asio::io_context& io;
  remoting::Server server;
  std::vector<std::unique_ptr<Broker>> brokers;
  std::map<std::string, wire::TopicRouteData> routes;
  int route_calls = 0;
};

}  // namespace gantry::rocketmq::fake
