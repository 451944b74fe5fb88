// Verdicts and errors as the response codes of the controller's protocol (2000 to 2016).
#pragma once

#include <cstdint>

#include "base/error.h"
#include "remoting/server.h"
#include "replication/outcome.h"
#include "replication/verdict.h"
#include "wire/bodies/controller.h"

namespace gantry::controller {

std::int32_t code_of(replication::Verdict verdict);

// A request that was not decided: not the leader 2007; outcome unknown 2015; too much at once SYSTEM_BUSY.
std::int32_t code_of(const Error& error);
void refuse(remoting::Reply& reply, const Error& error);

// {"syncStateSet":[1,2],"syncStateSetEpoch":3}
std::string sync_state_set_body(const replication::Outcome& outcome);

}  // namespace gantry::controller
