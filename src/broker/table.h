// Which request code goes to which handler.
#pragma once

#include <cstdint>
#include <span>

#include "broker/context.h"

namespace gantry::broker {

// What a user must be allowed to do when access control is on.
enum class Access : std::uint8_t {
  any,      // every user who is known
  send,     // to write the topic of the request
  consume,  // to read the topic and use the group of the request
  admin,
};

struct Route {
  std::int32_t code;
  void (*handle)(BrokerContext&, remoting::Request);
  Access access;
};

// Answered on the name server's port; the broker's port answers these and broker_routes().
std::span<const Route> namesrv_routes();
std::span<const Route> broker_routes();

}  // namespace gantry::broker
