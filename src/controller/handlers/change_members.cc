// Our own requests 19011 and 19012: `gantry controller members add|remove|replace` and `gantry controller transfer`.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "controller/member_changes.h"

namespace gantry::controller {

namespace {

namespace json = boost::json;

MemberChanges::Done answer_with_member(remoting::Reply reply) {
  return [reply = std::make_shared<remoting::Reply>(std::move(reply))](const Result<raft::Member>& member) {
    if (!member) return refuse(*reply, member.error());
    auto response = reply->response(wire::response_code::kSuccess);
    response.body = json::serialize(json::object{
        {"id", member->id}, {"name", member->name}, {"address", member->address}, {"voter", member->voter}});
    reply->send(std::move(response));
  };
}

}  // namespace

void handle_change_members(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto wish = parse_member_request(request.command.body);
  if (!wish) return refuse(request.reply, wish.error());
  controller.members.begin(std::move(*wish), answer_with_member(std::move(request.reply)));
}

void handle_transfer(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  std::string name;
  if (!request.command.body.empty()) {
    boost::system::error_code error;
    const json::value body = json::parse(request.command.body, error);
    const json::object* object = error ? nullptr : body.if_object();
    const json::value* given = object ? object->if_contains("name") : nullptr;
    if (!given || !given->is_string())
      return refuse(request.reply, {Errc::invalid_argument, "expected a JSON object with a name"});
    name = given->get_string();
  }
  controller.members.hand_over(name, answer_with_member(std::move(request.reply)));
}

}  // namespace gantry::controller
