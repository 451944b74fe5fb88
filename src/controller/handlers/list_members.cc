// Our own request 19010: the members of the group as its leader sees them, for `gantry controller members`.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "controller/member_changes.h"

namespace gantry::controller {

namespace {

namespace json = boost::json;

json::array members_json(const raft::GroupStatus& status) {
  json::array members;
  for (const raft::MemberStatus& one : status.members) {
    const raft::Member& member = one.member;
    const bool leads = member.id == status.id;
    const auto lag = lag_of(one, status);
    members.push_back({{"id", member.id},
                       {"name", member.name},
                       {"address", member.address},
                       {"role", leads          ? "leader"
                                : member.voter ? "follower"
                                               : "learner"},
                       {"voter", member.voter},
                       {"alive", is_alive(one)},
                       {"matched_index", one.matched ? json::value(*one.matched) : json::value(nullptr)},
                       {"lag", lag ? json::value(*lag) : json::value(nullptr)}});
  }
  return members;
}

}  // namespace

void handle_list_members(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.members.status([reply](const raft::GroupStatus& status) {
    if (status.role != raft::Role::leader)  // lost since the replica was asked: what it knew of the others is old
      return reply->send(wire::response_code::kControllerNotLeader, "this controller does not lead any more");
    auto response = reply->response(wire::response_code::kSuccess);
    response.body = json::serialize(members_json(status));
    reply->send(std::move(response));
  });
}

}  // namespace gantry::controller
