// Request codes of our own, beside RocketMQ's: what its protocol has no word for. Servers of RocketMQ answer them with
// REQUEST_CODE_NOT_SUPPORTED. Requests and answers are JSON in the body.
#pragma once

#include <cstdint>

namespace gantry::wire::request_code {

// One controller about itself and its group; no body. Answered by every node, also without a leader.
inline constexpr std::int32_t kGantryControllerStatus = 19'001;
// Replica sets, ascending by name: {"after": NAME, "limit": N, "set": NAME}, all optional. Linearizable.
inline constexpr std::int32_t kGantryControllerSets = 19'002;
// A controller's own data: empty or of a group, and which peers founded that; and which process it is. No body, or
// {"token", "instance", "where", "address"} of who asks: another process on a copy of the same directory is noticed by both.
inline constexpr std::int32_t kGantryControllerIdentity = 19'003;

// Of the group, answered by the leader, to which the other nodes hand them on:
// the members and how far each is; no body.
inline constexpr std::int32_t kGantryControllerMembers = 19'010;
// {"change": "add"|"remove"|"replace", "name": N, "address": "host:port", "force": bool} -> the member.
inline constexpr std::int32_t kGantryControllerChangeMembers = 19'011;
// {"name": N}, optional: who shall lead -> the member.
inline constexpr std::int32_t kGantryControllerTransfer = 19'012;
// Of the one that is asked: writes a snapshot now -> {"index", "bytes"}; no body.
inline constexpr std::int32_t kGantryControllerSnapshot = 19'013;
// Of the one that is asked, which has no data: forms a group although peers are silent; no body.
inline constexpr std::int32_t kGantryControllerBootstrap = 19'014;

// Replica sets of another controller, to be taken over: {"sets": [{cluster, set, next_broker_id, master_id, master_epoch,
// sync_state_set_epoch, in_sync, replicas: [{id, address}]}]}, at most 1,000. The answer, in the same order:
// [{set, imported, remark}]. Operators only.
inline constexpr std::int32_t kGantryControllerImport = 19'020;

}  // namespace gantry::wire::request_code
