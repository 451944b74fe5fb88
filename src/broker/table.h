// Which request code goes to which handler.
#pragma once

#include <cstdint>
#include <span>

#include "broker/context.h"
#include "broker/named_resources.h"

namespace gantry::broker {

// Who may ask when access control is on. The rights are those that the Apache broker demands; of its actions, PUB, SUB
// and GET are one right here, to use a topic or group, and those that change a cluster are an administrator's.
enum class Access : std::uint8_t {
  any,           // every user who is known
  named,         // who may use every topic and group that the request names; it must name one
  named_if_any,  // the same, and what names none is for every user
  admin,
};

struct Route {
  std::int32_t code;
  void (*handle)(BrokerContext&, remoting::Request);
  Access access;
  NameReader names = names_in_fields;  // for Access::named and named_if_any
};

// Answered on the name server's port; the broker's port answers these and broker_routes().
std::span<const Route> namesrv_routes();
std::span<const Route> broker_routes();

}  // namespace gantry::broker
