// A broker for tests of clients, in memory: what is stored in it, what clients sent to it, and which answers it refuses.
// What it answers with is in fake_messaging.h and fake_admin.h.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "remoting/server.h"
#include "unit/drive.h"
#include "wire/bodies/stats.h"
#include "wire/codes.h"
#include "wire/headers/group.h"
#include "wire/headers/send.h"
#include "wire/message.h"

namespace gantry::rocketmq::fake {

namespace asio = boost::asio;
namespace code = wire::request_code;
namespace rc = wire::response_code;
using namespace std::chrono_literals;
using test::await;
using test::run_until;

using QueueName = std::pair<std::string, std::int32_t>;                 // topic, queue id
using OffsetName = std::tuple<std::string, std::string, std::int32_t>;  // group, topic, queue id

class Broker;
inline void serve_messaging(Broker& broker);
inline void serve_admin(Broker& broker);

class Broker {
 public:
  Broker(asio::io_context& io, std::string broker_name) : io(io), name(std::move(broker_name)), server(io, {}) {
    serve_messaging(*this);
    serve_admin(*this);
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

  asio::io_context& io;
  std::string name;
  remoting::Server server;
  std::map<QueueName, std::vector<wire::MessageRecord>> queues;
  std::map<QueueName, std::int64_t> min_offsets;
  std::map<OffsetName, std::int64_t> offsets;
  std::map<std::string, std::map<std::string, std::shared_ptr<remoting::Peer>>> members;  // group -> client id
  std::map<std::string, std::string> consume_types;                                       // group -> type
  std::set<std::string> topics;
  std::map<std::string, std::string> runtime;  // what 28 says beside the version
  std::map<std::int32_t, std::deque<std::int32_t>> refusals;
  std::map<std::int32_t, int> calls;
  std::vector<wire::SendMessageRequestHeader> sent;
  std::vector<wire::ConsumerSendMsgBackRequestHeader> sent_back;
  std::vector<std::string> acked;                      // receipts
  std::vector<std::string> changed;                    // receipts whose invisible time was changed
  std::map<std::string, std::int64_t> popped;          // topic -> next offset in queue 0
  std::int64_t delay_ms = 0;                           // what 303 says of every queue
  std::map<std::int32_t, std::int64_t> delay_offsets;  // what 45 says, by level
  std::map<std::string, std::int64_t> timers;          // what 61 says, by topic
  std::int64_t pull_max = 32;                          // messages in the answer to a pull
  std::function<void(wire::ConsumeStats&)> edit_consume_stats;
  std::function<std::string(std::string)> edit_consume_stats_text;

  // What follows is for the answers.
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

 private:
  std::int64_t next_physical_ = 1000;
};

}  // namespace gantry::rocketmq::fake
