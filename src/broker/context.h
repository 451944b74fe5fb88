// What request handlers work with: the broker's parts, and the few things that every handler does. Everything is used
// on the event loop's thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "broker/counters.h"
#include "net/log_limit.h"
#include "remoting/server.h"
#include "wire/codes.h"
#include "wire/fields.h"

namespace gantry::store {
class Store;
}
namespace gantry::queueing {
class QueueLocks;
}

namespace gantry::broker {

// Name server: configuration by namespace and key, as clients put it there.
using KvConfigs = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

class Arrivals;
class Clients;
class Groups;
class Messages;
class Offsets;
class Pops;
class RequestModes;
class Topics;
class Transactions;
struct Config;

// A handler includes the parts that it uses.
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
  void unreadable(std::string_view topic, std::int32_t queue_id, const Error& error);
  std::int64_t now_ms() const;  // the store's wall clock
  // Spreads work over queues; not for secrets. Less than `below`.
  std::uint32_t random(std::uint32_t below);

  // Sends `response`, or a plain success, when all that was changed is as durable as promised, else the error.
  void reply_when_durable(remoting::Reply reply, wire::Command response);
  void reply_when_durable(remoting::Reply reply);
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
