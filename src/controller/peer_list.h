// "n0-host:port;n1-host:port": controllers with their names, as the option --peers and controllerDLegerPeers have them.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/config.h"

namespace gantry::controller {

// Errors: invalid_argument, with the entry and what is wrong with it. Of an empty text nothing.
Result<std::vector<Peer>> parse_peers(std::string_view text);

}  // namespace gantry::controller
