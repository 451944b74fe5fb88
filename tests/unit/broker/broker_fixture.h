// A broker on free ports with a directory of its own, and clients that talk to it over loopback, all on one thread
// that the test drives: nothing happens between calls, and no test sleeps.
#pragma once

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "remoting/client.h"
#include "wire/bodies/heartbeat.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/fields.h"
#include "wire/headers/pull.h"
#include "wire/headers/send.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::broker {

namespace request = wire::request_code;
namespace code = wire::response_code;

struct Received {
  std::string topic, body, properties, tags, origin_id;
  std::int32_t queue_id = 0, reconsume_times = 0;
  std::int64_t queue_offset = 0, physical_offset = 0;
};

struct BrokerFixture {
  explicit BrokerFixture(Config wanted = {}) : config(std::move(wanted)) {
    std::string name =
        std::filesystem::exists("/dev/shm") ? "/dev/shm/gantry-broker-XXXXXX" : "/tmp/gantry-broker-XXXXXX";
    directory = mkdtemp(name.data());
    config.data_directory = directory;
    config.namesrv_port = 0;
    config.port = 0;
    start();
  }
  ~BrokerFixture() {
    client.reset();
    broker.reset();
    std::filesystem::remove_all(directory);
  }

  void start() {
    auto started = Broker::start(io, config);
    if (!started) throw std::runtime_error(started.error().message);
    broker = std::move(*started);
    client = new_client();
  }
  void restart() {
    client.reset();
    broker.reset();
    io.restart();
    io.poll();
    start();
  }
  std::unique_ptr<remoting::Client> new_client(std::function<void(wire::Command&)> sign = {}) {
    remoting::ClientConfig client_config;
    client_config.sign = std::move(sign);
    return std::make_unique<remoting::Client>(io, client_config);
  }

  template <class Done>
  bool run_until(Done done, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {  // asked once more after it held, a condition that takes messages would not hold again
      if (std::chrono::steady_clock::now() >= end) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  // The answer comes when run_until(answered) runs.
  struct Pending {
    std::optional<Result<wire::Command>> answer;
    bool done() const { return answer.has_value(); }
  };
  std::shared_ptr<Pending> begin(wire::Command command, remoting::Client* from = nullptr) {
    auto pending = std::make_shared<Pending>();
    (from != nullptr ? from : client.get())
        ->call(broker->address(), std::move(command), std::chrono::seconds(30),
               [pending](Result<wire::Command> answer) { pending->answer = std::move(answer); });
    return pending;
  }
  wire::Command call(wire::Command command, remoting::Client* from = nullptr) {
    auto pending = begin(std::move(command), from);
    if (!run_until([&] { return pending->done(); })) throw std::runtime_error("no answer");
    if (!*pending->answer) throw std::runtime_error((*pending->answer).error().message);
    return std::move(**pending->answer);
  }
  template <class Header>
  wire::Command call(std::int32_t request_code, const Header& header, std::string body = {}) {
    wire::Command command = wire::make_request(request_code, header);
    command.body = std::move(body);
    return call(std::move(command));
  }
  wire::Command call(std::int32_t request_code, std::map<std::string, std::string> fields, std::string body = {}) {
    wire::Command command = wire::make_request(request_code);
    for (const auto& [name, value] : fields) command.fields.add(name, value);
    command.body = std::move(body);
    return call(std::move(command));
  }

  static wire::SendMessageRequestHeader send_header(std::string topic, int queue_id,
                                                    std::map<std::string, std::string> properties = {}) {
    wire::SendMessageRequestHeader header;
    header.producer_group = "producers";
    header.topic = std::move(topic);
    header.default_topic = "TBW102";
    header.default_topic_queue_nums = 4;
    header.queue_id = queue_id;
    header.born_timestamp_ms = 1;
    wire::Properties encoded;
    for (const auto& [name, value] : properties) encoded.add(name, value);
    std::string text;
    (void)wire::encode_properties(encoded, text);
    header.properties = text;
    return header;
  }
  wire::Command try_send(const std::string& topic, int queue_id, std::string body,
                         std::map<std::string, std::string> properties = {}) {
    return call(request::kSendMessage, send_header(topic, queue_id, std::move(properties)), std::move(body));
  }
  // Returns the queue offset.
  std::int64_t send(const std::string& topic, int queue_id, std::string body,
                    std::map<std::string, std::string> properties = {}) {
    const auto answer = try_send(topic, queue_id, std::move(body), std::move(properties));
    if (answer.code != code::kSuccess) throw std::runtime_error(answer.remark);
    return std::stoll(std::string(answer.fields.get("queueOffset")));
  }

  static wire::PullMessageRequestHeader pull_header(std::string group, std::string topic, int queue_id,
                                                    std::int64_t offset) {
    wire::PullMessageRequestHeader header;
    header.consumer_group = std::move(group);
    header.topic = std::move(topic);
    header.queue_id = queue_id;
    header.queue_offset = offset;
    header.max_messages = 32;
    header.sys_flag = wire::pull_flag::kSubscription;
    header.subscription = "*";
    return header;
  }
  wire::Command pull(const std::string& group, const std::string& topic, int queue_id, std::int64_t offset,
                     std::string tags = "*") {
    auto header = pull_header(group, topic, queue_id, offset);
    header.subscription = std::move(tags);
    return call(request::kPullMessage, header);
  }
  static std::vector<Received> received(const wire::Command& answer) {
    std::vector<Received> messages;
    (void)wire::for_each_message(answer.body, [&](const wire::MessageView& view) {
      Received message;
      message.topic = view.topic;
      message.body = view.body;
      message.properties = view.properties;
      message.tags = view.property(wire::property::kTags).value_or("");
      message.queue_id = view.queue_id;
      message.reconsume_times = view.reconsume_times;
      message.queue_offset = view.queue_offset;
      message.physical_offset = view.physical_offset;
      messages.push_back(std::move(message));
    });
    return messages;
  }
  std::vector<std::string> bodies(const std::string& topic, int queue_id, std::string tags = "*") {
    std::vector<std::string> texts;
    for (auto& message : received(pull("readers", topic, queue_id, 0, std::move(tags)))) texts.push_back(message.body);
    return texts;
  }

  wire::Command heartbeat(const std::string& client_id, const std::string& group, const std::string& topic,
                          remoting::Client* from = nullptr, const std::string& producer = {}) {
    wire::HeartbeatData data;
    data.client_id = client_id;
    if (!group.empty()) {
      wire::ConsumerData consumer;
      consumer.group_name = group;
      consumer.subscription_data_set.push_back({.sub_string = "*", .sub_version = 1, .topic = topic});
      data.consumer_data_set.push_back(consumer);
    }
    if (!producer.empty()) data.producer_data_set.push_back({producer});
    wire::Command command = wire::make_request(request::kHeartBeat);
    command.body = wire::encode_body(data);
    return call(std::move(command), from);
  }

  Config config;
  std::string directory;
  boost::asio::io_context io{1};
  std::unique_ptr<Broker> broker;
  std::unique_ptr<remoting::Client> client;
};

}  // namespace gantry::broker
