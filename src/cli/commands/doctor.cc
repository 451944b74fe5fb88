// gantry doctor: checks a cluster from where it is called, and says what to do about each thing that is wrong.
#include <set>
#include <vector>

#include "base/parse_number.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/controller_group.h"
#include "cli/failover_advice.h"
#include "cli/output.h"
#include "net/endpoint.h"
#include "rocketmq/admin.h"
#include "rocketmq/identity.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"
#include "wire/headers/offset.h"
#include "wire/headers/send.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
using ClusterPtr = std::shared_ptr<rocketmq::Cluster>;

struct DoctorOptions {
  ConnectionOptions connection;
  const CLI::Option* name_servers = nullptr;
  std::string controllers;  // with them alone nothing is asked of name servers
  Format format = Format::table;
};

using FindingState = Findings::State;

asio::awaitable<bool> check_name_servers(ClusterPtr cluster, Findings& findings) {
  bool any = false;
  for (const std::string& address : cluster->name_servers()) {
    auto answer =
        co_await cluster->call_name_server(address, wire::make_request(wire::request_code::kGetBrokerClusterInfo));
    if (answer) {
      any = true;
      findings.add(FindingState::ok, "name server " + address, "answers");
    } else {
      const std::string& why = answer.error().message;
      std::string advice = "is it running, and is the port open from here? start one with: gantry broker";
      if (why.find("TLS") != std::string::npos)
        advice = "does it speak TLS, and is --tls-ca the authority of its certificate? --tls-insecure takes any";
      if (answer.error().code == Errc::unimplemented)
        advice = "this is a broker: name servers listen on 9876 as a rule";
      findings.add(FindingState::failed, "name server " + address, why, advice);
    }
  }
  co_return any;
}

std::optional<std::int64_t> number(const std::map<std::string, std::string>& info, const char* name) {
  auto it = info.find(name);
  if (it == info.end()) return std::nullopt;
  return parse_number<std::int64_t>(it->second);
}

// The broker's clock against ours. No request asks for it, but the delay of a group that has never committed is, on
// Java brokers, the time since offset -1, that is since one millisecond before 1970.
asio::awaitable<void> check_clock(ClusterPtr cluster, std::string what, std::string address, Findings& findings) {
  rocketmq::AdminQueries admin(cluster);
  const std::int64_t before_ms = rocketmq::unix_now_ms();
  auto spans = co_await admin.time_span(address, "SELF_TEST_TOPIC", "gantry_doctor");
  const std::int64_t after_ms = rocketmq::unix_now_ms();
  constexpr std::int64_t kYear2020Ms = 1'577'836'800'000;
  if (!spans || spans->consume_time_span_set.empty()) co_return;
  const std::int64_t broker_ms = spans->consume_time_span_set.front().delay_time_ms - 1;
  if (broker_ms < kYear2020Ms) co_return;  // this broker does not show its clock
  const std::int64_t skew_ms = broker_ms < before_ms  ? broker_ms - before_ms
                               : broker_ms > after_ms ? broker_ms - after_ms
                                                      : 0;
  constexpr std::int64_t kSkewMaxMs = 1'000;
  if (std::abs(skew_ms) > kSkewMaxMs) {
    findings.add(FindingState::warning, what + " clock",
                 fmt::format("{} ms {} ours", std::abs(skew_ms), skew_ms > 0 ? "ahead of" : "behind"),
                 "set both clocks by NTP: ages and delays are computed from them");
  } else {
    findings.add(FindingState::ok, what + " clock", fmt::format("{} ms off ours", skew_ms));
  }
}

void check_version(const std::string& what, const std::map<std::string, std::string>& info, Findings& findings) {
  auto text = info.find("brokerVersionDesc");
  const auto version = number(info, "brokerVersion");
  const std::string shown = text == info.end() ? "unknown" : text->second;
  constexpr std::int64_t kV5_0_0 = 413;  // org.apache.rocketmq.common.MQVersion.Version.V5_0_0
  if (version && *version < kV5_0_0) {
    findings.add(FindingState::warning, what + " version", shown, "POP needs RocketMQ 5: use --mode push or pull");
  } else {
    findings.add(FindingState::ok, what + " version", shown);
  }
}

// Of a request that costs the broker nothing, on a connection that stands: what clients wait at least.
asio::awaitable<double> round_trip_ms(ClusterPtr cluster, std::string address) {
  wire::GetMaxOffsetRequestHeader header;
  header.topic = "SELF_TEST_TOPIC";
  const auto asked = std::chrono::steady_clock::now();
  auto answer = co_await cluster->call(address, wire::make_request(wire::request_code::kGetMaxOffset, header));
  co_return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - asked).count();
}

// What a failover would cost. Brokers of other kinds, and who may not ask, have nothing to say.
asio::awaitable<std::vector<std::string>> check_failover(ClusterPtr cluster, std::string what, std::string address,
                                                         Findings& findings) {
  auto answer = co_await cluster->call(address, wire::make_request(wire::request_code::kGetBrokerConfig));
  if (!answer || answer->code != wire::response_code::kSuccess) co_return std::vector<std::string>{};
  co_return advise_on_broker(what, controller::parse_properties(answer->body), findings);
}

asio::awaitable<void> check_controller(ClusterPtr cluster, std::string address, Findings& findings) {
  const std::string what = "controller " + address;
  auto answer = co_await cluster->call(address, wire::make_request(wire::request_code::kGetControllerConfig));
  if (!answer) {
    findings.add(FindingState::warning, what, answer.error().message,
                 "brokers have it in controllerAddr: is it running, and reachable from here?");
  } else if (answer->code == wire::response_code::kSuccess) {
    advise_on_controller(what, controller::parse_properties(answer->body), findings);
  }
}

asio::awaitable<void> check_broker(ClusterPtr cluster, std::string what, std::string address, Findings& findings) {
  rocketmq::AdminQueries admin(cluster);
  auto info = co_await admin.runtime_info(address);
  if (!info) {
    // who is not let in cannot work here; who may not ask this may still send and consume
    const bool stranger = info.error().code == Errc::unauthenticated;
    const bool limited = info.error().code == Errc::permission_denied;
    findings.add(limited ? FindingState::warning : FindingState::failed, what, info.error().message,
                 stranger ? "the broker is reachable, but does not know these keys"
                 : limited
                     ? "the broker is reachable, but this user may not ask it"
                     : "routes send clients to this address: it must be reachable from here (brokerIP1 of the broker)");
    co_return;
  }
  findings.add(FindingState::ok, what, fmt::format("answers in {:.2f} ms", co_await round_trip_ms(cluster, address)));
  check_version(what, *info, findings);
  co_await check_clock(cluster, what, address, findings);
}

// Ours, and those of the group that they know; the Java ones answer for their settings alone.
asio::awaitable<void> check_controllers(ClusterPtr cluster, std::vector<std::string> addresses, Findings& findings) {
  const auto answers = co_await ask_group(cluster->remoting(), std::move(addresses), kStatusWithin);
  advise_on_group(answers, findings);
  for (const NodeAnswer& one : answers) {
    const bool answered = one.status || one.status.error().code == Errc::unimplemented;
    if (answered) co_await check_controller(cluster, one.address, findings);
  }
}

// The brokers of the sets that a controller of ours knows, without a name server.
asio::awaitable<void> check_brokers_of_sets(ClusterPtr cluster, std::vector<std::string> addresses,
                                            Findings& findings) {
  Error last{Errc::unavailable, "no endpoints"};
  for (const std::string& address : addresses) {
    wire::Command request = wire::make_request(wire::request_code::kGantryControllerSets);
    auto answer = co_await cluster->call(address, std::move(request));
    if (answer && answer->code != wire::response_code::kSuccess)
      answer = std::unexpected(rocketmq::error_of_response(*answer, "controller " + address));
    if (!answer) {
      last = answer.error();
      continue;
    }
    const auto brokers = brokers_of_sets(answer->body);
    for (const BrokerOfSet& broker : brokers) {
      const std::string what = fmt::format("broker {} {} {}", broker.set, broker.id, broker.address);
      co_await check_failover(cluster, what, broker.address, findings);
    }
    co_return;
  }
  findings.add(FindingState::warning, "brokers", "which there are, and how they are set, is unknown: " + last.message,
               "ask with --namesrv, or again when a controller leads");
}

asio::awaitable<int> diagnose_controllers(const DoctorOptions& options, ClusterPtr cluster,
                                          std::vector<std::string> addresses) {
  Findings findings;
  co_await check_controllers(cluster, addresses, findings);
  co_await check_brokers_of_sets(cluster, addresses, findings);
  print_list(findings.list(), {"state", "check", "found", "advice"}, options.format);
  co_return findings.failed() ? kFailed : kDone;
}

asio::awaitable<int> run_doctor(const DoctorOptions& options, ClusterPtr cluster) {
  std::set<std::string> controllers;
  if (!options.controllers.empty()) {
    const auto given = net::parse_endpoints(options.controllers);
    if (!given) co_return report(in_context("--controllers", given.error()));
    for (const net::Endpoint& endpoint : *given) controllers.insert(net::to_string(endpoint));
    if (options.name_servers->count() == 0) {
      std::vector<std::string> addresses(controllers.begin(), controllers.end());
      co_return co_await diagnose_controllers(options, cluster, std::move(addresses));
    }
  }
  Findings findings;
  rocketmq::AdminQueries admin(cluster);
  if (co_await check_name_servers(cluster, findings)) {
    auto info = co_await admin.cluster_info();
    if (!info) {
      findings.add(FindingState::failed, "cluster", info.error().message);
    } else if (info->broker_addr_table.empty()) {
      findings.add(FindingState::failed, "brokers", "none is registered",
                   "start one with: gantry broker, or look at the brokers' logs");
    } else {
      for (const auto& [name, broker] : info->broker_addr_table) {
        if (rocketmq::master_of(broker) == nullptr) {
          findings.add(FindingState::failed, "broker " + name, "has no master",
                       "sends to it fail and its lag is unknown until a master is there");
        }
        for (const auto& [id, address] : broker.broker_addrs) {
          const std::string what = fmt::format("broker {} {} {}", name, id == 0 ? "master" : "slave", address);
          co_await check_broker(cluster, what, address, findings);
          auto named = co_await check_failover(cluster, what, address, findings);
          controllers.insert(named.begin(), named.end());
        }
      }
      std::vector<std::string> addresses(controllers.begin(), controllers.end());
      co_await check_controllers(cluster, std::move(addresses), findings);
      auto creating = co_await cluster->route(wire::kAutoCreateTopic);
      if (creating) {
        findings.add(FindingState::warning, "autoCreateTopicEnable", "on: a send to an unknown topic creates it",
                     "fine for development; in production set it to false and use: gantry topic create");
      } else {
        findings.add(FindingState::ok, "autoCreateTopicEnable", "off");
      }
    }
  }
  print_list(findings.list(), {"state", "check", "found", "advice"}, options.format);
  co_return findings.failed() ? kFailed : kDone;
}

}  // namespace

void declare_doctor(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<DoctorOptions>();
  add_connection_options(command, options->connection);
  options->name_servers = command.get_option("--namesrv");
  command.add_option(
      "--controllers", options->controllers,
      "host:port;host:port of controllers: who leads, who is behind or silent, what their brokers' settings "
      "lose; without --namesrv these alone");
  add_output_option(command, options->format);
  run_on_cluster(command, invocation, options, run_doctor);
}

}  // namespace gantry::cli
