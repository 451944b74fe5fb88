// A name server and brokers for tests of clients: in memory, on one io_context that the test drives, each answer as a
// Java server gives it, and each made to fail when the test says so. What clients sent is kept for the test to look at.
#pragma once

#include "rocketmq/cluster.h"
#include "unit/rocketmq/fake_admin.h"
#include "unit/rocketmq/fake_broker.h"
#include "unit/rocketmq/fake_messaging.h"
#include "wire/bodies/route.h"
#include "wire/bodies/topic.h"
#include "wire/headers/route.h"

namespace gantry::rocketmq::fake {

// The name server, and the brokers behind it.
class Servers {
 public:
  explicit Servers(asio::io_context& io) : io(io), server(io, {}) {
    server.handle(code::kGetRouteinfoByTopic, [this](remoting::Request request) {
      ++route_calls;
      if (holding_routes) {
        held_routes.push_back(std::move(request));
      } else {
        answer_route(request);
      }
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

  // Questions for routes wait until answer_routes().
  void hold_routes() { holding_routes = true; }
  void answer_routes() {
    holding_routes = false;
    for (auto& request : std::exchange(held_routes, {})) answer_route(request);
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

  std::shared_ptr<Cluster> connect(std::string name_servers = {}, std::chrono::milliseconds request_timeout = 2s) {
    ClusterConfig config;
    config.name_servers = name_servers.empty() ? address() : name_servers;
    config.request_timeout = request_timeout;
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
  bool holding_routes = false;
  std::vector<remoting::Request> held_routes;

 private:
  void answer_route(remoting::Request& request) {
    auto header = wire::decode_header<wire::GetRouteInfoRequestHeader>(request.command.fields);
    auto found = routes.find(header->topic);
    if (found == routes.end()) {
      request.reply.send(rc::kTopicNotExist, "No topic route info in name server for the topic: " + header->topic);
      return;
    }
    auto response = request.reply.response(rc::kSuccess);
    response.body = wire::encode_body(found->second);
    request.reply.send(std::move(response));
  }
};

}  // namespace gantry::rocketmq::fake
