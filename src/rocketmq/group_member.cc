#include "rocketmq/group_member.h"

#include <algorithm>
#include <utility>

#include "net/spawn.h"
#include "rocketmq/gather.h"
#include "rocketmq/identity.h"
#include "wire/bodies/consumer.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/headers/group.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;

// Names of errors' sources; no topic or broker is called like this.
constexpr std::string_view kHeartbeat = "the heartbeats";
constexpr std::string_view kEvent = "an event";

}  // namespace

GroupMember::GroupMember(std::shared_ptr<Cluster> cluster, ErrorsBySource& errors, GroupMemberConfig config)
    : cluster_(std::move(cluster)),
      errors_(errors),
      group_(std::move(config.group)),
      heartbeat_interval_(config.heartbeat_interval),
      client_id_(make_client_id()),
      wakeup_(cluster_->io()) {
  for (const auto& subscription : config.subscriptions) topics_.push_back(subscription.topic);
  wire::ConsumerData consumer;
  consumer.group_name = group_;
  consumer.consume_type = config.consume_type;
  consumer.consume_from_where =
      config.from == ConsumeFrom::earliest ? wire::kConsumeFromFirstOffset : wire::kConsumeFromLastOffset;
  consumer.subscription_data_set = std::move(config.subscriptions);
  data_.client_id = client_id_;
  data_.consumer_data_set.push_back(std::move(consumer));
  cluster_->group_requests().listen(group_, listener_);
}

asio::awaitable<Result<void>> GroupMember::join(std::shared_ptr<void> owner,
                                                std::function<asio::awaitable<void>()> before) {
  auto joined = co_await heartbeat();
  if (joined && !retired_) {
    net::spawn(cluster_->io(), "the heartbeats of the consumer in group " + group_,
               [this, owner = std::move(owner), before = std::move(before)] { return beats(before); });
  }
  co_return joined;
}

asio::awaitable<void> GroupMember::beats(std::function<asio::awaitable<void>()> before) {
  while (true) {
    co_await wakeup_.wait(rejoining_ ? kRetryDelay : heartbeat_interval_);
    if (retired_) co_return;
    if (before) co_await before();
    co_await heartbeat();
    if (retired_) co_return;
    if (!rejoining_ || !all_took_) continue;
    rejoining_ = false;
    if (listener_->members_changed) listener_->members_changed();
  }
}

void GroupMember::rejoin() {
  if (rejoining_) return;
  rejoining_ = true;
  wakeup_.notify();
}

void GroupMember::note_event(const Error& error) { errors_.note(kEvent, error); }

asio::awaitable<Result<void>> GroupMember::heartbeat() {
  auto result = co_await beat();
  if (result) {
    errors_.clear(kHeartbeat);
    errors_.clear(kEvent);
  } else if (!retired_) {
    errors_.note(kHeartbeat, result.error());
  }
  co_return result;
}

asio::awaitable<GroupMember::Brokers> GroupMember::brokers() {
  Brokers brokers;
  for (const std::string& topic : topics_) {
    auto route = co_await cluster_->route(topic);
    if (!route) continue;  // a retry topic exists only after the first heartbeat
    for (const wire::BrokerData& broker : route->brokers) {
      // the lowest id: the master when there is one
      for (const auto& [id, address] : broker.broker_addrs) {
        (id == broker.broker_addrs.begin()->first ? brokers.masters : brokers.slaves).insert(address);
      }
    }
  }
  for (const std::string& address : brokers.masters) brokers.slaves.erase(address);
  co_return brokers;
}

asio::awaitable<Result<void>> GroupMember::beat() {
  const Brokers to = co_await brokers();
  // a broker that gets it after our farewell would keep a member that does not exist, with a share of the queues
  if (retired_) co_return fail(Errc::cancelled, "the consumer of group {} was stopped", group_);
  // from now on, not from the answer: a broker may take a heartbeat and its answer come late or never
  greeted_.masters.insert(to.masters.begin(), to.masters.end());
  greeted_.slaves.insert(to.slaves.begin(), to.slaves.end());
  wire::Command request = wire::make_request(wire::request_code::kHeartBeat);
  request.body = wire::encode_body(data_);
  for (const std::string& address : to.slaves) cluster_->remoting().oneway(address, request);
  std::vector<asio::awaitable<Result<wire::Command>>> beats;
  beats.reserve(to.masters.size());
  for (const std::string& address : to.masters) beats.push_back(cluster_->call_ok(address, request));
  auto responses = co_await gather(cluster_->io(), std::move(beats));  // one broker that hangs delays no other
  all_took_ = !responses.empty() && std::ranges::all_of(responses, [](const auto& response) { return bool(response); });
  Error last{Errc::unavailable, fmt::format("no broker to join group {} at", group_)};
  for (const auto& response : responses) {
    if (response) co_return Result<void>{};
    last = response.error();
  }
  co_return std::unexpected(last);
}

asio::awaitable<Result<std::vector<std::string>>> GroupMember::members(std::string topic) {
  auto route = co_await cluster_->route(topic);
  if (!route) co_return std::unexpected(route.error());
  Error last{Errc::unavailable, fmt::format("no broker of topic {} to ask for the members of group {}", topic, group_)};
  for (const wire::BrokerData& broker : route->brokers) {
    if (broker.broker_addrs.empty()) continue;
    wire::GetConsumerListByGroupRequestHeader header;
    header.consumer_group = group_;
    header.broker_name = broker.broker_name;
    const std::string address = broker.broker_addrs.begin()->second;
    auto response =
        co_await cluster_->call_ok(address, wire::make_request(wire::request_code::kGetConsumerListByGroup, header));
    if (!response) {
      last = response.error();
      continue;
    }
    auto body = wire::decode_body<wire::GetConsumerListByGroupResponseBody>(response->body);
    if (body) {
      std::vector<std::string>& ids = body->consumer_id_list;
      std::sort(ids.begin(), ids.end());
      ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
      co_return std::move(ids);
    }
    last = body.error();
  }
  co_return std::unexpected(last);
}

void GroupMember::retire() {
  retired_ = true;
  *listener_ = {};
  wakeup_.notify();
}

asio::awaitable<void> GroupMember::unregister() {
  wire::UnregisterClientRequestHeader header;
  header.client_id = client_id_;
  header.consumer_group = group_;
  constexpr std::chrono::milliseconds kTimeout{1'000};  // who leaves does not wait long
  const Brokers greeted = std::exchange(greeted_, {});
  const wire::Command request = wire::make_request(wire::request_code::kUnregisterClient, header);
  for (const std::string& address : greeted.slaves) {
    if (!greeted.masters.contains(address)) cluster_->remoting().oneway(address, request);
  }
  std::vector<asio::awaitable<Result<wire::Command>>> farewells;
  farewells.reserve(greeted.masters.size());
  for (const std::string& address : greeted.masters) farewells.push_back(cluster_->call(address, request, kTimeout));
  co_await gather(cluster_->io(), std::move(farewells));
}

}  // namespace gantry::rocketmq
