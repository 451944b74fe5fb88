#include "rocketmq/controller_client.h"

#include "net/endpoint.h"
#include "rocketmq/cluster.h"
#include "wire/codes.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;
namespace code = wire::request_code;
namespace rc = wire::response_code;

ControllerError unread(const std::string& what, Error error) {
  return {std::nullopt, in_context(what, std::move(error))};
}

template <class Header>
ControllerResult<Header> header_of_answer(const wire::Command& response) {
  auto header = wire::decode_header<Header>(response.fields);
  if (!header) return std::unexpected(unread("answer of a controller", header.error()));
  return std::move(*header);
}

template <class Body>
ControllerResult<Body> body_of_answer(const wire::Command& response) {
  auto body = wire::decode_body<Body>(response.body);
  if (!body) return std::unexpected(unread("answer of a controller", body.error()));
  return std::move(*body);
}

// What the answers of 1003 and 1004 have in common: a header about the master and the sync-state set.
template <class Answer, class Header>
ControllerResult<Answer> answer_with_set(const wire::Command& response) {
  auto header = header_of_answer<Header>(response);
  if (!header) return std::unexpected(header.error());
  auto set = body_of_answer<wire::SyncStateSet>(response);
  if (!set) return std::unexpected(set.error());
  return Answer{std::move(*header), std::move(*set)};
}

std::map<std::string, std::string> properties_of(std::string_view text) {
  std::map<std::string, std::string> properties;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.front() == '#') continue;
    properties[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
  }
  return properties;
}

}  // namespace

ControllerClient::ControllerClient(asio::io_context& io, ControllerClientConfig config,
                                   std::vector<std::string> endpoints)
    : config_(std::move(config)), endpoints_(std::move(endpoints)) {
  remoting::ClientConfig client;
  client.connect_timeout = config_.connect_timeout;
  client.tls = config_.tls;
  if (config_.credentials) {
    client.sign = [credentials = *config_.credentials](wire::Command& request) { wire::sign(request, credentials); };
  }
  client_ = std::make_unique<remoting::Client>(io, std::move(client));
}

Result<std::shared_ptr<ControllerClient>> ControllerClient::create(asio::io_context& io,
                                                                   ControllerClientConfig config) {
  auto parsed = net::parse_endpoints(config.endpoints);
  if (!parsed) return std::unexpected(in_context("controllers", parsed.error()));
  std::vector<std::string> endpoints;
  for (const net::Endpoint& endpoint : *parsed) endpoints.push_back(net::to_string(endpoint));
  return std::shared_ptr<ControllerClient>(new ControllerClient(io, std::move(config), std::move(endpoints)));
}

ControllerClient::Awaitable<wire::Command> ControllerClient::call_one(std::string address, wire::Command request,
                                                                      std::optional<std::int32_t> also) {
  auto response = co_await client_->call(address, std::move(request), config_.request_timeout);
  if (!response) co_return std::unexpected(unread("controller " + address, response.error()));
  if (response->code != rc::kSuccess && response->code != also) {
    ControllerError refused{response->code, error_of_response(*response, "controller " + address)};
    co_return std::unexpected(std::move(refused));
  }
  co_return std::move(*response);
}

ControllerClient::Awaitable<wire::Command> ControllerClient::call(std::string address, wire::Command request,
                                                                  std::optional<std::int32_t> also) {
  if (!address.empty()) co_return co_await call_one(std::move(address), std::move(request), also);
  constexpr int kTries = 2;
  for (int i = 1;; ++i) {
    std::string leader = leader_;
    if (leader.empty()) {
      auto found = co_await find_leader();
      if (!found) co_return std::unexpected(found.error());
      leader = std::move(*found);
    }
    auto response = co_await call_one(leader, request, also);
    if (response) co_return response;
    const bool refused = response.error().response_code == rc::kControllerNotLeader;
    if ((refused || !response.error().response_code) && leader_ == leader) leader_.clear();
    if (!refused || i == kTries) co_return response;
  }
}

ControllerClient::Awaitable<wire::GetMetaDataResponseHeader> ControllerClient::metadata(std::string address) {
  auto response =
      co_await call_one(std::move(address), wire::make_request(code::kControllerGetMetadataInfo), std::nullopt);
  if (!response) co_return std::unexpected(response.error());
  co_return header_of_answer<wire::GetMetaDataResponseHeader>(*response);
}

ControllerClient::Awaitable<std::string> ControllerClient::find_leader() {
  std::string reasons;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const std::size_t asked = (current_ + i) % endpoints_.size();
    auto said = co_await metadata(endpoints_[asked]);
    if (said && said->controller_leader_address && !said->controller_leader_address->empty()) {
      current_ = asked;
      leader_ = *said->controller_leader_address;
      co_return leader_;
    }
    if (!reasons.empty()) reasons += "; ";
    if (said) {
      reasons += fmt::format("controller {} knows no leader", endpoints_[asked]);
    } else {
      reasons += said.error().error.message;
    }
  }
  ControllerError error{std::nullopt, Error{Errc::unavailable, "no leader found: " + reasons}};
  co_return std::unexpected(std::move(error));
}

ControllerClient::Awaitable<ReplicaInfo> ControllerClient::replica_info(std::string broker_name, std::string address) {
  const wire::GetReplicaInfoRequestHeader header{std::move(broker_name)};
  auto response = co_await call(std::move(address), wire::make_request(code::kControllerGetReplicaInfo, header));
  if (!response) co_return std::unexpected(response.error());
  co_return answer_with_set<ReplicaInfo, wire::GetReplicaInfoResponseHeader>(*response);
}

ControllerClient::Awaitable<wire::BrokerReplicasInfo> ControllerClient::sync_state_data(wire::BrokerNames broker_names,
                                                                                        std::string address) {
  wire::Command request = wire::make_request(code::kControllerGetSyncStateData);
  request.body = wire::encode_body(broker_names);
  auto response = co_await call(std::move(address), std::move(request));
  if (!response) co_return std::unexpected(response.error());
  co_return body_of_answer<wire::BrokerReplicasInfo>(*response);
}

ControllerClient::Awaitable<AlteredSyncStateSet> ControllerClient::alter_sync_state_set(
    wire::AlterSyncStateSetRequestHeader header, wire::SyncStateSet body, std::string address) {
  wire::Command request = wire::make_request(code::kControllerAlterSyncStateSet, header);
  request.body = wire::encode_body(body);
  auto response = co_await call(std::move(address), std::move(request));
  if (!response) co_return std::unexpected(response.error());
  auto altered = header_of_answer<wire::AlterSyncStateSetResponseHeader>(*response);
  if (!altered) co_return std::unexpected(altered.error());
  auto set = body_of_answer<wire::SyncStateSet>(*response);
  if (!set) co_return std::unexpected(set.error());
  AlteredSyncStateSet answer{altered->new_sync_state_set_epoch, std::move(*set)};
  co_return std::move(answer);
}

ControllerClient::Awaitable<ElectedMaster> ControllerClient::elect_master(wire::ElectMasterRequestHeader header,
                                                                          std::string address) {
  auto response = co_await call(std::move(address), wire::make_request(code::kControllerElectMaster, header),
                                rc::kControllerMasterStillExist);
  if (!response) co_return std::unexpected(response.error());
  auto master = header_of_answer<wire::ElectMasterResponseHeader>(*response);
  if (!master) co_return std::unexpected(master.error());
  auto body = body_of_answer<wire::ElectMasterResponseBody>(*response);
  if (!body) co_return std::unexpected(body.error());
  ElectedMaster elected{response->code == rc::kSuccess, std::move(*master), std::move(*body)};
  co_return std::move(elected);
}

ControllerClient::Awaitable<std::int64_t> ControllerClient::next_broker_id(wire::GetNextBrokerIdRequestHeader header,
                                                                           std::string address) {
  auto response = co_await call(std::move(address), wire::make_request(code::kControllerGetNextBrokerId, header));
  if (!response) co_return std::unexpected(response.error());
  auto next = header_of_answer<wire::GetNextBrokerIdResponseHeader>(*response);
  if (!next) co_return std::unexpected(next.error());
  co_return next->next_broker_id;
}

ControllerClient::Awaitable<void> ControllerClient::apply_broker_id(wire::ApplyBrokerIdRequestHeader header,
                                                                    std::string address) {
  auto response = co_await call(std::move(address), wire::make_request(code::kControllerApplyBrokerId, header));
  if (!response) co_return std::unexpected(response.error());
  co_return ControllerResult<void>{};
}

ControllerClient::Awaitable<RegisteredBroker> ControllerClient::register_broker(
    wire::RegisterBrokerToControllerRequestHeader header, std::string address) {
  auto response = co_await call(std::move(address), wire::make_request(code::kControllerRegisterBroker, header));
  if (!response) co_return std::unexpected(response.error());
  co_return answer_with_set<RegisteredBroker, wire::RegisterBrokerToControllerResponseHeader>(*response);
}

ControllerClient::Awaitable<JoinedBroker> ControllerClient::join(NewBroker broker, std::string address) {
  const wire::GetNextBrokerIdRequestHeader ask{broker.cluster_name, broker.broker_name};
  auto id = co_await next_broker_id(ask, address);
  if (!id) co_return std::unexpected(id.error());
  const wire::ApplyBrokerIdRequestHeader apply{broker.cluster_name, broker.broker_name, *id,
                                               broker.register_check_code};
  auto applied = co_await apply_broker_id(apply, address);
  if (!applied) co_return std::unexpected(applied.error());
  const auto now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const wire::RegisterBrokerToControllerRequestHeader registration{broker.cluster_name, broker.broker_name, *id,
                                                                   broker.broker_address, now_ms};
  auto registered = co_await register_broker(registration, address);
  if (!registered) co_return std::unexpected(registered.error());
  JoinedBroker joined{*id, std::move(*registered)};
  co_return std::move(joined);
}

ControllerClient::Awaitable<void> ControllerClient::clean_broker_data(
    wire::CleanControllerBrokerDataRequestHeader header, std::string address) {
  auto response = co_await call(std::move(address), wire::make_request(code::kCleanBrokerData, header));
  if (!response) co_return std::unexpected(response.error());
  co_return ControllerResult<void>{};
}

ControllerClient::Awaitable<std::map<std::string, std::string>> ControllerClient::config(std::string address) {
  auto response = co_await call(std::move(address), wire::make_request(code::kGetControllerConfig));
  if (!response) co_return std::unexpected(response.error());
  co_return properties_of(response->body);
}

ControllerClient::Awaitable<void> ControllerClient::update_config(std::string address,
                                                                  std::map<std::string, std::string> properties) {
  wire::Command request = wire::make_request(code::kUpdateControllerConfig);
  for (const auto& [key, value] : properties) request.body += fmt::format("{}={}\n", key, value);
  auto response = co_await call(std::move(address), std::move(request));
  if (!response) co_return std::unexpected(response.error());
  co_return ControllerResult<void>{};
}

void ControllerClient::heartbeat(std::string address, const wire::BrokerHeartbeatRequestHeader& header) {
  client_->oneway(std::move(address), wire::make_request(code::kBrokerHeartbeat, header));
}

}  // namespace gantry::rocketmq
