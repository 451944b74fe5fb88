// Commands that make no sense whatever the state is: names, ids and texts beyond the limits (limits.h), and fields that
// are missing. State::apply refuses them; whoever proposes asks first, so that they are answered at once and nothing of
// unbounded size gets into the log.
#pragma once

#include <optional>

#include "replication/command.h"
#include "replication/outcome.h"

namespace gantry::replication {

// invalid_request with what to correct; nullopt: nothing is wrong with it as such.
std::optional<Outcome> refuse_malformed(const Command& command);

}  // namespace gantry::replication
