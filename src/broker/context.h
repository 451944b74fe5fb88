// What request handlers work with: the broker's parts, and the few things that every handler does. Everything is used
// on the event loop's thread only.
#pragma once

#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "broker/arrivals.h"
#include "broker/clients.h"
#include "broker/config.h"
#include "broker/groups.h"
#include "broker/messages.h"
#include "broker/offsets.h"
#include "broker/pops.h"
#include "broker/request_modes.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "net/log_limit.h"
#include "queueing/queue_locks.h"
#include "remoting/server.h"
#include "store/store.h"
#include "wire/codes.h"
#include "wire/fields.h"

namespace gantry::broker {

// Name server: configuration by namespace and key, as clients put it there.
using KvConfigs = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

// Counted since the process started.
struct Counters {
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::int64_t started_ms = 0;
  // What was counted at times past, the newest first, one every kSampleMs: for rates.
  struct Sample {
    std::int64_t time_ms;
    std::uint64_t messages_in, messages_out;
  };
  static constexpr std::int64_t kSampleMs = 10'000;
  std::deque<Sample> samples;
};

struct BrokerContext {
  boost::asio::io_context& io;
  const Config& config;
  store::Store& store;
  Topics& topics;
  Groups& groups;
  Offsets& offsets;
  Clients& clients;
  Arrivals& arrivals;
  Messages& messages;
  Transactions& transactions;
  Pops& pops;
  RequestModes& request_modes;
  queueing::QueueLocks& locks;
  Counters& counters;
  KvConfigs& kv_configs;
  std::string address;          // "host:port" that routes tell
  std::string namesrv_address;  // the same of the name server
  std::uint64_t random_state = 0;
  // Offsets of a group were set by hand: POP state that builds on the old ones is to be forgotten.
  std::function<void(std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset)>
      on_offset_reset;
  bool write_permission_wiped = false;  // routes tell producers to write elsewhere

  net::LogLimit unreadable_log{std::chrono::seconds(10)};
  net::LogLimit unknown_strategy_log{std::chrono::seconds(10)};

  // A queue could not be read for a request; told in the log, but not for each.
  void unreadable(std::string_view topic, std::int32_t queue_id, const Error& error) {
    const auto left_out = unreadable_log.admit();
    if (!left_out) return;
    spdlog::error("broker: topic {} queue {} cannot be read: {} ({} more since the last such line)", topic, queue_id,
                  error.message, *left_out);
  }
  std::int64_t now_ms() const { return store.now_ms(); }
  // Spreads work over queues; not for secrets.
  std::uint32_t random(std::uint32_t below) {
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return below == 0 ? 0 : static_cast<std::uint32_t>(random_state >> 33) % below;
  }

  // Sends `response` when all that was changed is as durable as promised, else the error.
  void reply_when_durable(remoting::Reply reply, wire::Command response) {
    store.when_durable([reply = std::move(reply), response = std::move(response)](const Result<void>& result) mutable {
      if (result) {
        reply.send(std::move(response));
      } else {
        reply.fail(result.error());
      }
    });
  }
  void reply_when_durable(remoting::Reply reply) {
    auto response = reply.response(wire::response_code::kSuccess);
    reply_when_durable(std::move(reply), std::move(response));
  }
};

// A success with a typed header.
template <class Header>
wire::Command response_with(const remoting::Reply& reply, const Header& header,
                            std::int32_t code = wire::response_code::kSuccess, std::string_view remark = {}) {
  wire::Command response = reply.response(code, remark);
  wire::encode_header(header, response.fields);
  return response;
}

// A success with a body.
inline void send_body(remoting::Reply& reply, std::string body) {
  wire::Command response = reply.response(wire::response_code::kSuccess);
  response.body = std::move(body);
  reply.send(std::move(response));
}

}  // namespace gantry::broker
