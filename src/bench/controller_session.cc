#include "bench/controller_session.h"

#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/parse_number.h"
#include "net/endpoint.h"
#include "net/spawn.h"
#include "rocketmq/gather.h"
#include "wire/body.h"
#include "wire/codes.h"

namespace gantry::bench {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
namespace code = wire::request_code;
namespace rc = wire::response_code;

constexpr std::chrono::milliseconds kHeartbeatEvery{30'000};
constexpr std::chrono::milliseconds kHeartbeatTurn{100};  // some of them in each
constexpr std::size_t kPreparedAtOnce = 64;
constexpr int kPrepareTries = 10;  // of a set; a group under load may change its leader, which takes DLedger 9 s
constexpr std::chrono::seconds kPrepareAgainAfter{2};
constexpr std::size_t kAdoptedMax = 100'000'000;
constexpr std::string_view kPrefix = "bench-";

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool succeeded(const Result<wire::Command>& response) { return response && response->code == rc::kSuccess; }

Error why_not(std::string_view what, const Result<wire::Command>& response) {
  if (!response) return in_context(what, response.error());
  return Error{Errc::internal, fmt::format("{}: code {}: {}", what, response->code, response->remark)};
}

}  // namespace

ControllerSession::ControllerSession(asio::io_context& io, const ControllerOptions& options)
    : io_(io), options_(options), prefix_(fmt::format("{}{}-{}", kPrefix, ::getpid(), wall_ms() % 1'000'000'007)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, options_.connections); ++i) {
    clients_.push_back(std::make_unique<remoting::Client>(io_, remoting::ClientConfig{}));
  }
}

void ControllerSession::stop() {
  stopped_ = true;
  for (auto& client : clients_) client->stop();
  for (auto& broker : brokers_) broker->stop();
}

awaitable<Result<wire::Command>> ControllerSession::call(std::size_t worker, std::string address,
                                                         wire::Command request) {
  return clients_[worker % clients_.size()]->call(std::move(address), std::move(request), kCallTimeout);
}

std::string ControllerSession::broker_address(std::int64_t broker_id) const {
  return fmt::format("127.0.0.1:{}", brokers_[static_cast<std::size_t>(broker_id - 1) % brokers_.size()]->port());
}

void ControllerSession::tell(std::size_t worker, const std::string& address, wire::Command request) {
  clients_[worker % clients_.size()]->oneway(address, std::move(request));
}

wire::Command ControllerSession::heartbeat(const std::string& set_name, std::int64_t broker_id,
                                           std::chrono::milliseconds timeout) const {
  wire::BrokerHeartbeatRequestHeader header;
  header.cluster_name = kBenchCluster;
  header.broker_addr = broker_address(broker_id);
  header.broker_name = set_name;
  header.broker_id = broker_id;
  header.epoch = 1;
  header.max_offset = 1'000'000;
  header.confirm_offset = 1'000'000;
  header.heartbeat_timeout_ms = timeout.count();
  header.election_priority = static_cast<std::int32_t>(broker_id);
  return wire::make_request(code::kBrokerHeartbeat, header);
}

awaitable<Result<void>> ControllerSession::find_leader() {
  std::string reasons;
  for (const std::string& endpoint : endpoints_) {
    auto response = co_await call(0, endpoint, wire::make_request(code::kControllerGetMetadataInfo));
    if (!succeeded(response)) {
      reasons += "; " + why_not(endpoint, response).message;
      continue;
    }
    auto header = wire::decode_header<wire::GetMetaDataResponseHeader>(response->fields);
    if (!header || !header->controller_leader_address || header->controller_leader_address->empty()) {
      reasons += "; " + endpoint + " knows no leader";
      continue;
    }
    leader_ = *header->controller_leader_address;
    followers_.clear();
    for (const std::string& other : endpoints_) {
      if (other != leader_) followers_.push_back(other);
    }
    co_return Result<void>{};
  }
  co_return fail(Errc::unavailable, "{}: no leader found{}", options_.target, reasons);
}

awaitable<Result<wire::Command>> ControllerSession::register_set(std::size_t worker, std::string name) {
  Result<wire::Command> response = fail(Errc::internal, "no replicas");
  for (std::size_t i = 1; i <= options_.replicas; ++i) {
    const wire::GetNextBrokerIdRequestHeader ask{kBenchCluster, name};
    response = co_await call(worker, leader_, wire::make_request(code::kControllerGetNextBrokerId, ask));
    if (!succeeded(response)) co_return response;
    auto next = wire::decode_header<wire::GetNextBrokerIdResponseHeader>(response->fields);
    if (!next) co_return std::unexpected(next.error());
    const std::int64_t id = next->next_broker_id;
    const std::string address = broker_address(id);
    const wire::ApplyBrokerIdRequestHeader apply{kBenchCluster, name, id, fmt::format("{};{}", address, wall_ms())};
    response = co_await call(worker, leader_, wire::make_request(code::kControllerApplyBrokerId, apply));
    if (!succeeded(response)) co_return response;
    const wire::RegisterBrokerToControllerRequestHeader registration{kBenchCluster, name, id, address, wall_ms()};
    response = co_await call(worker, leader_, wire::make_request(code::kControllerRegisterBroker, registration));
    if (!succeeded(response)) co_return response;
  }
  co_return response;
}

awaitable<Result<wire::Command>> ControllerSession::alter(std::size_t worker, ReplicaSet& set, bool all) {
  const wire::AlterSyncStateSetRequestHeader header{set.name, set.master, set.master_epoch, wall_ms()};
  wire::Command request = wire::make_request(code::kControllerAlterSyncStateSet, header);
  wire::SyncStateSet wanted{{set.master}, set.in_sync.sync_state_set_epoch};
  for (std::int64_t id = 1; all && id <= static_cast<std::int64_t>(options_.replicas); ++id) {
    if (id != set.master) wanted.sync_state_set.push_back(id);
  }
  request.body = wire::encode_body(wanted);
  auto response = co_await call(worker, leader_, std::move(request));
  if (!succeeded(response)) co_return response;
  auto altered = wire::decode_header<wire::AlterSyncStateSetResponseHeader>(response->fields);
  if (!altered) co_return std::unexpected(altered.error());
  set.in_sync.sync_state_set = std::move(wanted.sync_state_set);
  set.in_sync.sync_state_set_epoch = altered->new_sync_state_set_epoch;
  co_return response;
}

awaitable<void> ControllerSession::look_again(std::size_t worker, ReplicaSet& set) {
  const wire::GetReplicaInfoRequestHeader header{set.name};
  auto response = co_await call(worker, leader_, wire::make_request(code::kControllerGetReplicaInfo, header));
  if (!succeeded(response)) co_return;
  auto master = wire::decode_header<wire::GetReplicaInfoResponseHeader>(response->fields);
  auto body = wire::decode_body<wire::SyncStateSet>(response->body);
  if (!master || !body) co_return;
  set.master = master->master_broker_id.value_or(set.master);
  set.master_epoch = master->master_epoch.value_or(set.master_epoch);
  set.in_sync = std::move(*body);
}

awaitable<Result<void>> ControllerSession::make_set(std::size_t worker, ReplicaSet& set) {
  auto response = co_await register_set(worker, set.name);
  if (!succeeded(response)) co_return std::unexpected(why_not("registering " + set.name, response));
  for (std::size_t id = 1; id <= options_.replicas; ++id) {
    for (const std::string& endpoint : endpoints_) {
      response = co_await call(worker, endpoint, heartbeat(set.name, static_cast<std::int64_t>(id)));
      // a follower of JRaft's refuses them
      if (endpoint == leader_ && !succeeded(response)) {
        co_return std::unexpected(why_not("a heartbeat of " + set.name, response));
      }
    }
  }
  const wire::ElectMasterRequestHeader elect{kBenchCluster, set.name, 1, false, wall_ms()};
  response = co_await call(worker, leader_, wire::make_request(code::kControllerElectMaster, elect));
  if (!succeeded(response)) co_return std::unexpected(why_not("electing the first master of " + set.name, response));
  co_await look_again(worker, set);
  response = co_await alter(worker, set, true);
  if (!succeeded(response)) co_return std::unexpected(why_not("all replicas of " + set.name + " in sync", response));
  co_return Result<void>{};
}

Result<void> ControllerSession::read_endpoints() {
  auto parsed = net::parse_endpoints(options_.endpoints);
  if (!parsed) return std::unexpected(in_context("--endpoints", parsed.error()));
  for (const net::Endpoint& endpoint : *parsed) endpoints_.push_back(net::to_string(endpoint));
  return {};
}

Result<void> ControllerSession::adopt(std::string_view sets) {
  const auto colon = sets.rfind(':');
  const auto count = colon == std::string_view::npos ? std::nullopt : parse_number<std::size_t>(sets.substr(colon + 1));
  if (!count || *count > kAdoptedMax || !sets.starts_with(kPrefix))
    return fail(Errc::invalid_argument, "--remove: expected {}...:COUNT, as a run with --keep says it, got \"{}\"",
                kPrefix, sets);
  prefix_ = sets.substr(0, colon);
  named_ = *count;
  return read_endpoints();
}

// With another name each time: what is left of a try is not what the next one expects. It is removed with all others.
awaitable<Result<void>> ControllerSession::make_set_at_last(std::size_t worker, ReplicaSet& set) {
  auto made = co_await make_set(worker, set);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (int tried = 1; !made && tried < kPrepareTries; ++tried) {
    timer.expires_after(kPrepareAgainAfter);
    co_await timer.async_wait(asio::use_awaitable);
    made = co_await find_leader();
    if (!made) continue;
    set = ReplicaSet{new_name(), 0, 0, {}};
    made = co_await make_set(worker, set);
  }
  co_return made;
}

awaitable<Result<void>> ControllerSession::prepare() {
  if (auto read = read_endpoints(); !read) co_return read;
  for (std::size_t i = 0; i < options_.replicas; ++i) {
    brokers_.push_back(std::make_unique<remoting::Server>(io_, remoting::ServerConfig{}));
    brokers_.back()->handle(code::kNotifyBrokerRoleChanged, [](remoting::Request request) {
      request.reply.send(rc::kSuccess);  // one-way as a rule; then this does nothing
    });
    if (auto started = brokers_.back()->start(); !started) co_return started;
  }
  if (auto found = co_await find_leader(); !found) co_return found;
  for (std::size_t i = 0; i < options_.sets; ++i) sets_.push_back({new_name(), 0, 0, {}});
  std::size_t next = 0;
  Result<void> outcome;
  std::vector<awaitable<bool>> workers;
  for (std::size_t i = 0; i < std::min(kPreparedAtOnce, sets_.size()); ++i) {
    workers.push_back(
        [](ControllerSession& self, std::size_t index, std::size_t& at, Result<void>& all) -> awaitable<bool> {
          while (all && at < self.sets_.size()) {
            ReplicaSet& set = self.sets_[at++];
            if (auto made = co_await self.make_set_at_last(index, set); !made) all = made;
          }
          co_return true;
        }(*this, i, next, outcome));
  }
  co_await rocketmq::gather(io_, std::move(workers));
  net::spawn(io_, "the heartbeats of the bench", keep_alive());
  co_return outcome;
}

awaitable<void> ControllerSession::keep_alive() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const std::size_t brokers = sets_.size() * options_.replicas;
  const auto share = static_cast<std::size_t>(kHeartbeatEvery / kHeartbeatTurn);
  for (std::size_t at = 0; !stopped_; at += (brokers + share - 1) / share) {
    for (std::size_t i = 0; keeping_alive_ && i < (brokers + share - 1) / share; ++i) {
      const std::size_t broker = (at + i) % brokers;
      const wire::Command beat =
          heartbeat(sets_[broker / options_.replicas].name, static_cast<std::int64_t>(broker % options_.replicas) + 1);
      for (const std::string& endpoint : endpoints_) clients_[0]->oneway(endpoint, beat);
    }
    timer.expires_after(kHeartbeatTurn);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

awaitable<std::size_t> ControllerSession::clean() {
  stopped_ = true;
  (void)co_await find_leader();
  std::size_t next = 0, gone = 0;
  std::vector<awaitable<bool>> workers;
  for (std::size_t i = 0; i < kPreparedAtOnce; ++i) {
    workers.push_back([](ControllerSession& self, std::size_t index, std::size_t& at,
                         std::size_t& cleaned) -> awaitable<bool> {
      while (at < self.named_) {
        const std::string name = fmt::format("{}-{}", self.prefix_, at++);
        const wire::CleanControllerBrokerDataRequestHeader header{kBenchCluster, name, std::nullopt, true, wall_ms()};
        const auto response =
            co_await self.call(index, self.leader_, wire::make_request(code::kCleanBrokerData, header));
        if (succeeded(response)) ++cleaned;
      }
      co_return true;
    }(*this, i, next, gone));
  }
  co_await rocketmq::gather(io_, std::move(workers));
  co_return gone;
}

}  // namespace gantry::bench
