// Our own request 19002: replica sets with their members and the reasons for their masters, for `gantry controller sets`
// and `explain`. Linearizable but for `alive`, which is what this controller's heartbeats say.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "controller/answers.h"
#include "controller/handlers/handlers.h"
#include "controller/set_json.h"
#include "replication/explanation.h"

namespace gantry::controller {

namespace {

namespace json = boost::json;

constexpr std::size_t kLimitMax = 1'000;  // sets in one answer; the next one asks for those after the last

struct Question {
  std::string after;
  std::string set;  // only this one, with its explanation
  std::size_t limit = kLimitMax;
};

Result<Question> parse(std::string_view body) {
  Question question;
  if (body.empty()) return question;
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (!object) return fail(Errc::invalid_argument, "expected a JSON object");
  for (const auto& [name, member] : *object) {
    if (name == "limit" && member.is_int64() && member.get_int64() > 0) {
      question.limit = std::min(kLimitMax, static_cast<std::size_t>(member.get_int64()));
    } else if ((name == "after" || name == "set") && member.is_string()) {
      (name == "after" ? question.after : question.set) = member.get_string();
    } else {
      return fail(Errc::invalid_argument, "expected after, set or limit, got {}", std::string_view(name));
    }
  }
  return question;
}

json::object to_json(const replication::ReplicaSet& set, const Replica& replica) {
  json::array replicas;
  for (const auto& member : set.members) {
    replicas.push_back(
        {{"id", member.broker_id},
         {"address", member.address},
         {"alive", replica.liveness().alive(set.cluster_name, set.broker_name, member.broker_id, replica.now())}});
  }
  json::object object = json_of(set);
  object["replicas"] = std::move(replicas);
  return object;
}

json::array answer(const Question& question, const Replica& replica) {
  json::array all;
  if (!question.set.empty()) {
    if (const auto* set = replica.state().find(question.set)) {
      json::object one = to_json(*set, replica);
      const auto lines = replication::explain(*set);
      one.emplace("explanation", json::array(lines.begin(), lines.end()));
      all.push_back(std::move(one));
    }
    return all;
  }
  const auto& sets = replica.state().sets();
  for (auto set = sets.upper_bound(question.after); set != sets.end() && all.size() < question.limit; ++set)
    all.push_back(to_json(set->second, replica));
  return all;
}

}  // namespace

void handle_list_sets(ControllerContext& controller, remoting::Request request) {
  auto question = parse(request.command.body);
  if (!question) return refuse(request.reply, question.error());
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.replica.read(
      [reply, &replica = controller.replica, question = std::move(*question)](const Result<void>& ready) {
        if (!ready) return refuse(*reply, ready.error());
        auto response = reply->response(wire::response_code::kSuccess);
        response.body = json::serialize(answer(question, replica));
        reply->send(std::move(response));
      });
}

}  // namespace gantry::controller
