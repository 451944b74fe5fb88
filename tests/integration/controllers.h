// Controllers as processes, asked as brokers and operators ask them.
#pragma once

#include <gmock/gmock.h>

#include "integration/gantry_process.h"
#include "rocketmq/controller_client.h"
#include "unit/drive.h"
#include "wire/codes.h"

namespace gantry::integration {

namespace asio = boost::asio;
namespace rc = wire::response_code;
using rocketmq::ControllerClient;
using rocketmq::ControllerResult;
using namespace std::chrono_literals;

// A broker of set `name` with an id: it keeps its heartbeats going on a connection to every controller.
struct Broker {
  std::string name;
  std::int64_t id = 0;
  std::string address;
  std::int64_t offset = 100;
  std::shared_ptr<ControllerClient> connection;
};

class Controllers : public testing::Test {
 protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("gantry-controllers-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    const auto [a, b] = free_ports();
    const auto [c, d] = free_ports();
    for (const int port : {a, b, c}) {
      const std::size_t n = addresses.size();
      addresses.push_back(host + ":" + std::to_string(port));
      peers += (n == 0 ? "n" : ";n") + std::to_string(n) + "-" + addresses.back();
      endpoints += (n == 0 ? "" : ";") + addresses.back();
    }
    nodes.resize(3);
    for (std::size_t n = 0; n < 3; ++n) start(n);
    client = connect(endpoints);
    ASSERT_TRUE(leads_within(10s)) << nodes[0]->err();
    // followers hear of it a moment later, and hand nothing on until then
    ASSERT_TRUE(
        test::run_until(io, [&] { return std::ranges::all_of(addresses, [&](const auto& a) { return follows(a); }); }));
  }
  void TearDown() override {
    for (auto& broker : brokers) broker->connection->stop();
    if (client) client->stop();
    io.restart();
    io.poll();
    nodes.clear();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  void start(std::size_t n) {
    const std::string self = "n" + std::to_string(n);
    std::vector<std::string> arguments{
        "controller", "--peers", peers, "--self", self, "--data", (directory / self).string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    nodes[n] = std::make_unique<Running>(directory, arguments);
  }
  std::string log(std::size_t n) const { return nodes[n]->out() + nodes[n]->err(); }
  void kill_node(std::size_t n) {
    nodes[n]->signal(SIGKILL);
    nodes[n]->wait();
  }
  std::shared_ptr<ControllerClient> connect(const std::string& to, rocketmq::ControllerClientConfig config = {}) {
    config.endpoints = to;
    return ControllerClient::create(io, config).value();
  }
  template <class T>
  ControllerResult<T> ask(ControllerClient::Awaitable<T> call) {
    std::optional<ControllerResult<T>> result;
    asio::co_spawn(io, std::move(call),
                   [&](std::exception_ptr, ControllerResult<T> value) { result = std::move(value); });
    EXPECT_TRUE(test::run_until(io, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  // The node that calls itself leader; nullopt while there is none.
  std::optional<std::size_t> leader() {
    for (std::size_t n = 0; n < addresses.size(); ++n) {
      if (nodes[n]->ended()) continue;
      const auto metadata = ask(client->metadata(addresses[n]));
      if (metadata && metadata->is_leader) return n;
    }
    return std::nullopt;
  }
  bool follows(const std::string& address) {  // or leads itself
    const auto metadata = ask(client->metadata(address));
    return metadata && !metadata->controller_leader_address.value_or("").empty();
  }
  bool leads_within(std::chrono::seconds time) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (!leader()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      test::run_until(io, [] { return false; }, 10ms);
    }
    client->forget_leader();
    return true;
  }

  Broker& join(const std::string& name, const std::string& address, const std::string& to) {
    auto joined = ask(client->join({"c", name, address, address + ";1"}, to));
    EXPECT_TRUE(joined) << joined.error().error.message;
    brokers.push_back(
        std::make_unique<Broker>(Broker{name, joined ? joined->broker_id : 0, address, 100, connect(endpoints)}));
    heartbeat(*brokers.back());
    return *brokers.back();
  }
  void heartbeat(Broker& broker) {
    wire::BrokerHeartbeatRequestHeader header;
    header.cluster_name = "c";
    header.broker_name = broker.name;
    header.broker_addr = broker.address;
    header.broker_id = broker.id;
    header.epoch = 1;
    header.max_offset = broker.offset;
    header.heartbeat_timeout_ms = 10'000;
    for (const std::string& address : addresses) broker.connection->heartbeat(address, header);
  }
  ControllerResult<rocketmq::ElectedMaster> elect(const std::string& name, std::int64_t id, const std::string& to) {
    wire::ElectMasterRequestHeader header;
    header.cluster_name = "c";
    header.broker_name = name;
    header.broker_id = id;
    return ask(client->elect_master(header, to));
  }
  ControllerResult<rocketmq::AlteredSyncStateSet> alter(const std::string& name, std::int64_t master,
                                                        std::int32_t epoch, std::vector<std::int64_t> ids,
                                                        std::int32_t replaces, const std::string& to) {
    wire::AlterSyncStateSetRequestHeader header;
    header.broker_name = name;
    header.master_broker_id = master;
    header.master_epoch = epoch;
    return ask(client->alter_sync_state_set(header, {std::move(ids), replaces}, to));
  }
  // Until the heartbeats have reached the leader.
  bool in_sync(const std::string& name, std::vector<std::int64_t> ids, const std::string& to) {
    return eventually_asked([&] {
      for (auto& broker : brokers) heartbeat(*broker);
      const auto info = ask(client->replica_info(name, to));
      if (!info || !info->master.master_broker_id) return false;
      if (info->in_sync.sync_state_set == ids) return true;
      auto altered = alter(name, *info->master.master_broker_id, *info->master.master_epoch, ids,
                           info->in_sync.sync_state_set_epoch, to);
      return altered.has_value();
    });
  }
  bool eventually_asked(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 15s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      test::run_until(io, [] { return false; }, 10ms);
    }
    return true;
  }

  asio::io_context io{1};
  std::string host = "127.0.0.1";
  std::vector<std::string> options;
  std::filesystem::path directory;
  std::vector<std::string> addresses;
  std::string peers;
  std::string endpoints;
  std::vector<std::unique_ptr<Running>> nodes;
  std::shared_ptr<ControllerClient> client;
  std::vector<std::unique_ptr<Broker>> brokers;
};

}  // namespace gantry::integration
