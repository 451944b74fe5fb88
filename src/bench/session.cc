#include "bench/session.h"

#include <utility>

#include "wire/bodies/route.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/headers/send.h"

namespace gantry::bench {

using boost::asio::awaitable;
namespace code = wire::request_code;

Session::Session(boost::asio::io_context& io, const Target& target)
    : target_(target), client_(io, remoting::ClientConfig{}) {}

awaitable<Result<void>> Session::connect() {
  auto response =
      co_await client_.call(target_.name_server, wire::make_request(code::kGetBrokerClusterInfo), kCallTimeout);
  if (!response) co_return std::unexpected(in_context(target_.name, response.error()));
  auto info = wire::decode_body<wire::ClusterInfo>(response->body);
  if (!info) co_return std::unexpected(in_context(target_.name, info.error()));
  for (const auto& [name, broker] : info->broker_addr_table) {
    auto master = broker.broker_addrs.find(0);
    if (master == broker.broker_addrs.end()) continue;
    broker_name_ = name;
    broker_address_ = master->second;
    co_return Result<void>{};
  }
  co_return fail(Errc::not_found, "{}: the name server {} knows no broker with a master", target_.name,
                 target_.name_server);
}

awaitable<Result<wire::Command>> Session::call(wire::Command request) {
  return client_.call(broker_address_, std::move(request), kCallTimeout);
}

awaitable<Result<void>> Session::create_topic(std::string topic, std::int32_t queues) {
  wire::CreateTopicRequestHeader header;
  header.topic = topic;
  header.default_topic = wire::kAutoCreateTopic;
  header.read_queue_nums = queues;
  header.write_queue_nums = queues;
  header.perm = 6;
  header.topic_filter_type = "SINGLE_TAG";
  header.topic_sys_flag = 0;
  auto response = co_await call(wire::make_request(code::kUpdateAndCreateTopic, header));
  if (!response) co_return std::unexpected(in_context(target_.name, response.error()));
  if (response->code != wire::response_code::kSuccess) {
    co_return fail(Errc::internal, "{}: topic {} cannot be created: {} {}", target_.name, topic, response->code,
                   response->remark);
  }
  topics_.push_back(std::move(topic));
  co_return Result<void>{};
}

awaitable<void> Session::delete_topics() {
  for (const std::string& topic : std::exchange(topics_, {})) {
    wire::DeleteTopicRequestHeader header;
    header.topic = topic;
    (void)co_await call(wire::make_request(code::kDeleteTopicInBroker, header));
  }
}

void tally(Count& count, const Window& window, SteadyClock::time_point started, const Result<wire::Command>& response,
           std::uint64_t operations) {
  const auto now = SteadyClock::now();
  if (now < window.begin || now > window.end) return;
  if (!response || response->code != wire::response_code::kSuccess) {
    ++count.failed;
    if (count.first_error.empty()) {
      count.first_error =
          response ? fmt::format("code {}: {}", response->code, response->remark) : response.error().message;
    }
    return;
  }
  count.operations += operations;
  count.latency.add(now - started);
}

}  // namespace gantry::bench
