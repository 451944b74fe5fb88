// Request codes of our own, beside RocketMQ's: what its protocol has no word for. Servers of RocketMQ answer them with
// REQUEST_CODE_NOT_SUPPORTED. Requests and answers are JSON in the body.
#pragma once

#include <cstdint>

namespace gantry::wire::request_code {

// One controller about itself and its group; no body. Answered by every node, also without a leader.
inline constexpr std::int32_t kGantryControllerStatus = 19'001;
// Replica sets, ascending by name: {"after": NAME, "limit": N, "set": NAME}, all optional. Linearizable.
inline constexpr std::int32_t kGantryControllerSets = 19'002;
// A controller's own data: empty or of a group, and which peers founded that; no body.
inline constexpr std::int32_t kGantryControllerIdentity = 19'003;

}  // namespace gantry::wire::request_code
