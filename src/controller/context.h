// What request handlers work with. Everything is used on the service's thread only.
#pragma once

#include <functional>

#include "controller/replica.h"
#include "remoting/server.h"
#include "wire/codes.h"
#include "wire/fields.h"

namespace gantry::controller {

class Directory;
class Doors;
struct Config;
struct Identity;
class MemberChanges;
class Forwarder;
class LiveSettings;
class Twins;

// Asks the Raft group, which lives on a thread of its own; the answer comes on the service's thread.
using GroupStatusQuery = std::function<void(std::function<void(const raft::GroupStatus&)>)>;

struct ControllerContext {
  Replica& replica;
  Forwarder& forwarder;
  Directory& directory;
  Doors* doors;  // null: brokers are not spread, all go to the leader
  LiveSettings& settings;
  GroupStatusQuery group_status;
  GroupStatusQuery status_after_snapshots;  // once those that were taken are on the disk, or failed
  const Config& config;
  const Identity& identity;
  MemberChanges& members;
  Twins& twins;
  std::function<Result<void>()> bootstrap;  // forms a group although peers are silent; founding.h
};

// An answer with a typed header.
template <class Header>
wire::Command response_with(const remoting::Reply& reply, const Header& header,
                            std::int32_t code = wire::response_code::kSuccess, std::string_view remark = {}) {
  wire::Command response = reply.response(code, remark);
  wire::encode_header(header, response.fields);
  return response;
}

}  // namespace gantry::controller
