// Who may ask a server that listens on loopback only: requests by a loopback name, and changes only from its own pages.
#pragma once

#include <string_view>

#include "http/message.h"

namespace gantry::http {

// "localhost", "x.localhost" (RFC 6761), 127.0.0.0/8 or [::1], with or without a port.
bool is_loopback_host(std::string_view host_header);

// Errors: invalid_argument (no Host), permission_denied (a foreign Host; a foreign Origin on anything but GET).
Result<void> check_local(const Request& request);

}  // namespace gantry::http
