#include "controller/doors.h"

#include "controller/replica.h"
#include "wire/codes.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

Doors::Doors(boost::asio::io_context& io, remoting::Client& client, const Replica& replica)
    : client_(client), replica_(replica), again_(io, [this] { ask(); }) {}

void Doors::start(raft::NodeId self) {
  self_ = self;
  ask();
}

void Doors::ask() {
  std::erase_if(open_since_, [this](const auto& entry) { return !replica_.members().find(entry.first); });
  for (const raft::Member& member : replica_.members().list) {
    if (!member.voter || member.id == self_) continue;
    // what a broker asks: where a leader is known the answer names it
    client_.call(member.address, wire::make_request(wire::request_code::kControllerGetMetadataInfo), kTimeout,
                 [this, alive = std::weak_ptr<bool>(alive_), node = member.id](Result<wire::Command> answer) {
                   if (!alive.expired()) answered(node, answer);
                 });
  }
  again_.ring_after(kAskEvery);
}

void Doors::answered(raft::NodeId node, const Result<wire::Command>& answer) {
  const auto header =
      answer ? wire::decode_header<wire::GetMetaDataResponseHeader>(answer->fields) : std::unexpected(answer.error());
  if (header && answer->code == wire::response_code::kSuccess &&
      !header->controller_leader_address.value_or("").empty()) {
    open_since_.insert_or_assign(node, replica_.now());
  } else {
    open_since_.erase(node);
  }
}

std::vector<raft::NodeId> Doors::open() const {
  std::vector<raft::NodeId> nodes;
  if (replica_.leadership().leader == 0) return nodes;
  for (const raft::Member& member : replica_.members().list) {
    if (!member.voter) continue;
    const auto said = open_since_.find(member.id);
    const bool open =
        member.id == self_ || (said != open_since_.end() && replica_.now() - said->second <= kForgottenAfterMs);
    if (open) nodes.push_back(member.id);
  }
  return nodes;
}

}  // namespace gantry::controller
