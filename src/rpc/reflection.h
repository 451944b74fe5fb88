// gRPC's server reflection (v1 and v1alpha) out of the descriptors that are linked into the binary.
#pragma once

#include <set>
#include <string>

#include "rpc/server.h"

namespace gantry::rpc {

void serve_reflection(Server& server, std::set<std::string> services);

}  // namespace gantry::rpc
