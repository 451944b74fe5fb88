// gRPC's health service: SERVING until the server drains.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "rpc/server.h"

namespace gantry::rpc {

class Health {
 public:
  // Registers Check and Watch at `server` for these services and for the server as a whole (""). Of the server's thread.
  static std::shared_ptr<Health> serve(Server& server, std::set<std::string> services);

  void not_serving();  // all of them, from now on; those that watch are told

 private:
  std::string status_of(const std::string& service) const;

  std::set<std::string> services_;
  bool serving_ = true;
  std::set<std::shared_ptr<Call>> watching_;
};

}  // namespace gantry::rpc
