#include "rocketmq/cluster.h"

#include <algorithm>

#include "net/endpoint.h"
#include "wire/bodies/route.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/fields.h"
#include "wire/headers/route.h"

namespace gantry::rocketmq {
namespace {

namespace asio = boost::asio;

std::string first_line(std::string_view remark) {
  constexpr std::size_t kShownMax = 300;  // Java remarks can hold stack traces
  return std::string(remark.substr(0, std::min(remark.find('\n'), kShownMax)));
}

Errc errc_of(std::int32_t code, std::string_view remark) {
  namespace rc = wire::response_code;
  switch (code) {
    case rc::kTopicNotExist:
    case rc::kSubscriptionGroupNotExist:
    case rc::kQueryNotFound:
    case rc::kConsumerNotOnline:
    case rc::kSubscriptionNotExist: return Errc::not_found;
    case rc::kSystemBusy:
    case rc::kServiceNotAvailable:
    case rc::kSlaveNotAvailable:
    case rc::kFlushDiskTimeout:
    case rc::kFlushSlaveTimeout:
    case rc::kControllerNotLeader: return Errc::unavailable;
    case rc::kControllerJraftInternalError: return Errc::timeout;  // a controller: the outcome is unknown
    case rc::kFlowControl: return Errc::resource_exhausted;
    case rc::kNoPermission: return Errc::permission_denied;
    case rc::kRequestCodeNotSupported: return Errc::unimplemented;
    case rc::kMessageIllegal:
    case rc::kSubscriptionParseFailed:
    case rc::kControllerInvalidRequest:
    case rc::kInvalidParameter: return Errc::invalid_argument;
    default: break;
  }
  // ACL refusals have no code of their own in 4.x and the first 5.x: the remark names the exception
  if (remark.find("AclException") != std::string_view::npos || remark.find("uthentication") != std::string_view::npos) {
    return Errc::unauthenticated;
  }
  return Errc::internal;
}

}  // namespace

Error error_of_response(const wire::Command& response, std::string_view what) {
  const Errc code = errc_of(response.code, response.remark);
  std::string message = fmt::format("{} answered {}: {}", what, response.code,
                                    response.remark.empty() ? "no reason given" : first_line(response.remark));
  if (code == Errc::unauthenticated || code == Errc::permission_denied) {
    message += ": check --access-key and --secret-key, and what this user may do";
  }
  return Error{code, std::move(message)};
}

Error error_of_name_server(const wire::Command& response, std::string_view address) {
  Error error = error_of_response(response, address.empty() ? "name server" : fmt::format("name server {}", address));
  if (error.code == Errc::unimplemented)
    error.message += ": is this the address of a broker? name servers listen on 9876 as a rule";
  return error;
}

Cluster::Cluster(asio::io_context& io, ClusterConfig config, std::vector<std::string> name_servers)
    : io_(io), config_(std::move(config)), name_servers_(std::move(name_servers)) {
  remoting::ClientConfig client;
  client.connect_timeout = config_.connect_timeout;
  client.tls = config_.tls;
  if (config_.credentials) {
    signing_ = std::make_shared<wire::Credentials>(*config_.credentials);
    client.sign = [credentials = signing_](wire::Command& request) { wire::sign(request, *credentials); };
  }
  client_ = std::make_unique<remoting::Client>(io_, std::move(client));
  group_requests_ = std::make_unique<GroupRequests>(*client_);
}

Result<std::shared_ptr<Cluster>> Cluster::create(asio::io_context& io, ClusterConfig config) {
  auto endpoints = net::parse_endpoints(config.name_servers);
  if (!endpoints) return std::unexpected(in_context("name servers", endpoints.error()));
  std::vector<std::string> addresses;
  for (const net::Endpoint& endpoint : *endpoints) addresses.push_back(net::to_string(endpoint));
  return std::shared_ptr<Cluster>(new Cluster(io, std::move(config), std::move(addresses)));
}

std::chrono::milliseconds Cluster::time_for_a_request(Deadline deadline) const {
  if (deadline == kNoDeadline) return config_.request_timeout;
  const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left < config_.request_timeout / 4) return std::chrono::milliseconds::zero();
  return std::min(config_.request_timeout, left);
}

namespace {

std::string_view advice_on_tls(const std::string& reasons) {
  if (reasons.find("certificate") != std::string::npos)
    return "was its certificate signed by an authority that is trusted here?";
  return "does it speak TLS on this port?";
}

}  // namespace

std::string advice_to_start(const std::vector<std::string>& name_servers) {
  const bool is_here = std::ranges::any_of(name_servers, [](const std::string& address) {
    return address.starts_with("127.") || address.starts_with("localhost:") || address.starts_with("[::1]:");
  });
  return is_here ? "is it running? start one with: gantry broker" : "is it running, and is the port open from here?";
}

asio::awaitable<Result<wire::Command>> Cluster::ask_name_server(wire::Command request, Deadline deadline) {
  std::string reasons;
  Errc code = Errc::unavailable;
  const std::size_t first = current_;
  for (std::size_t tried = 0; tried < name_servers_.size(); ++tried) {
    const std::size_t index = (first + tried) % name_servers_.size();
    const auto time = time_for_a_request(deadline);
    if (time == std::chrono::milliseconds::zero()) {
      current_ = index;
      reasons += (reasons.empty() ? "" : "; ") + std::string("no time was left for the others");
      break;
    }
    auto response = co_await client_->call(name_servers_[index], request, time);
    if (response) {
      current_ = index;
      co_return response;
    }
    if (response.error().code == Errc::cancelled) co_return response;
    code = response.error().code;
    if (!reasons.empty()) reasons += "; ";
    reasons += response.error().message;
  }
  std::string all;
  for (const std::string& address : name_servers_) all += (all.empty() ? "" : ";") + address;
  co_return fail(code, "cannot reach name server {} ({}): {}", all, reasons,
                 reasons.find("TLS") != std::string::npos ? advice_on_tls(reasons) : advice_to_start(name_servers_));
}

// A name server forgets a broker that is down, and with it its topics.
asio::awaitable<Error> Cluster::why_no_route(std::string topic, Deadline deadline) {
  auto response = co_await ask_name_server(wire::make_request(wire::request_code::kGetBrokerClusterInfo), deadline);
  if (response && response->code == wire::response_code::kSuccess) {
    const auto info = wire::decode_body<wire::ClusterInfo>(response->body);
    if (info && info->broker_addr_table.empty()) {
      co_return Error{Errc::unavailable,
                      fmt::format("topic {}: no broker is registered with name server {}: is one running?", topic,
                                  name_servers_[current_])};
    }
  }
  co_return Error{Errc::not_found,
                  fmt::format("topic {0} does not exist, or its broker is down (see: gantry doctor); to "
                              "create it: gantry topic create --topic {0}",
                              topic)};
}

asio::awaitable<Result<Route>> Cluster::route(std::string topic, Freshness freshness, Deadline deadline) {
  const auto now = std::chrono::steady_clock::now();
  auto cached = routes_.find(topic);
  if (freshness == Freshness::cached && cached != routes_.end() && !cached->second.stale &&
      now - cached->second.at < config_.route_max_age) {
    co_return cached->second.route;
  }
  wire::GetRouteInfoRequestHeader header;
  header.topic = topic;
  header.accept_standard_json_only = true;
  auto request = wire::make_request(wire::request_code::kGetRouteinfoByTopic, header);
  auto response = co_await ask_name_server(std::move(request), deadline);
  if (!response) {
    cached = routes_.find(topic);  // looked up again: others ran meanwhile
    if (freshness == Freshness::cached && cached != routes_.end()) co_return cached->second.route;
    co_return std::unexpected(response.error());
  }
  if (response->code == wire::response_code::kTopicNotExist) {
    routes_.erase(topic);
    co_return std::unexpected(co_await why_no_route(topic, deadline));
  }
  if (response->code != wire::response_code::kSuccess) {
    co_return std::unexpected(error_of_name_server(*response, name_servers_[current_]));
  }
  auto route = decode_route(topic, response->body);
  if (!route) co_return std::unexpected(route.error());
  constexpr std::size_t kRoutesMax = 65'536;
  if (routes_.size() >= kRoutesMax) routes_.clear();
  routes_[topic] = {*route, now, false};
  co_return route;
}

asio::awaitable<Result<wire::Command>> Cluster::call(std::string address, wire::Command request,
                                                     std::optional<std::chrono::milliseconds> timeout) {
  auto response = co_await client_->call(address, std::move(request), timeout.value_or(config_.request_timeout));
  if (!response && response.error().message.find(address) == std::string::npos) {
    co_return std::unexpected(in_context("broker " + address, response.error()));
  }
  co_return response;
}

asio::awaitable<Result<wire::Command>> Cluster::call_name_server(std::string address, wire::Command request) {
  auto response = co_await client_->call(address, std::move(request), config_.request_timeout);
  if (!response && response.error().message.find(address) == std::string::npos)
    co_return std::unexpected(in_context("name server " + address, response.error()));
  if (response && response->code != wire::response_code::kSuccess)
    co_return std::unexpected(error_of_name_server(*response, address));
  co_return response;
}

asio::awaitable<Result<wire::Command>> Cluster::call_ok(std::string address, wire::Command request,
                                                        std::optional<std::chrono::milliseconds> timeout) {
  auto response = co_await call(address, std::move(request), timeout);
  if (response && response->code != wire::response_code::kSuccess) {
    co_return std::unexpected(error_of_response(*response, "broker " + address));
  }
  co_return response;
}

}  // namespace gantry::rocketmq
