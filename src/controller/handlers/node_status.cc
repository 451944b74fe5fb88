// Our own request 19001: what this controller knows of itself and of its group, for `gantry controller status`.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "controller/config.h"
#include "controller/directory.h"
#include "controller/handlers/handlers.h"

namespace gantry::controller {

namespace {

namespace json = boost::json;

json::value or_null(const std::optional<raft::Index>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object to_json(const raft::GroupStatus& status, const ControllerContext& controller) {
  const auto of_the_log = [&](std::uint64_t number) {  // without a group there is none
    return status.id == 0 ? json::value(nullptr) : json::value(number);
  };
  const Directory& directory = controller.directory;
  json::array members;
  for (const auto& member : status.members) {
    members.push_back({{"id", member.member.id},
                       {"name", directory.name_of(member.member.id)},
                       {"address", member.member.address},
                       {"voter", member.member.voter},
                       {"matched_index", or_null(member.matched)}});
  }
  return {{"id", status.id},
          {"name", status.id == 0 ? controller.config.self : directory.name_of(status.id)},
          {"role", status.id == 0 ? "waiting" : raft::to_string(status.role)},  // for its group
          {"term", of_the_log(status.term)},
          {"leader", status.leader == 0 ? json::value(nullptr) : json::value(directory.name_of(status.leader))},
          {"commit_index", of_the_log(status.commit)},
          {"applied_index", of_the_log(controller.replica.applied())},
          {"last_index", of_the_log(status.last)},
          {"snapshot_index", of_the_log(status.snapshot)},
          {"sets", controller.replica.state().sets().size()},
          {"brokers_alive", controller.replica.liveness().alive_count(controller.replica.now())},
          {"writes_waiting", controller.replica.writes_waiting()},
          {"reads_waiting", controller.replica.reads_waiting()},
          {"members", std::move(members)}};
}

}  // namespace

void handle_node_status(ControllerContext& controller, remoting::Request request) {
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.group_status([reply, &controller](const raft::GroupStatus& status) {
    auto response = reply->response(wire::response_code::kSuccess);
    response.body = json::serialize(to_json(status, controller));
    reply->send(std::move(response));
  });
}

}  // namespace gantry::controller
