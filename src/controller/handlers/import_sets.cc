// Our own request 19020: replica sets of another controller are taken over, for `gantry controller import`. A set that is
// here already, and the same, counts as imported: the request may be made again, and a set says so when it should (retry).
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"

namespace gantry::controller {

namespace {

namespace json = boost::json;

constexpr std::size_t kSetsMax = 1'000;

template <class T>
T integer(const json::object& object, std::string_view name) {
  const auto number = object.at(name).to_number<std::int64_t>();
  if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max())
    throw std::out_of_range(std::string(name));
  return static_cast<T>(number);
}

// Throws what Boost.JSON throws where a member is missing or of another kind.
replication::ImportReplicaSet read_set(const json::object& object) {
  replication::ImportReplicaSet set;
  set.cluster_name = object.at("cluster").as_string();
  set.broker_name = object.at("set").as_string();
  set.next_broker_id = integer<std::int64_t>(object, "next_broker_id");
  if (!object.at("master_id").is_null()) set.master_id = integer<std::int64_t>(object, "master_id");
  set.master_epoch = integer<std::int32_t>(object, "master_epoch");
  set.sync_state_set_epoch = integer<std::int32_t>(object, "sync_state_set_epoch");
  for (const json::value& id : object.at("in_sync").as_array())
    set.sync_state_set.push_back(id.to_number<std::int64_t>());
  for (const json::value& value : object.at("replicas").as_array()) {
    replication::Member member;
    member.broker_id = integer<std::int64_t>(value.as_object(), "id");
    member.address = value.at("address").as_string();
    set.members.push_back(std::move(member));
  }
  return set;
}

Result<std::vector<replication::ImportReplicaSet>> read_sets(std::string_view body) {
  std::vector<replication::ImportReplicaSet> sets;
  try {
    const json::value document = json::parse(body);
    for (const json::value& set : document.at("sets").as_array()) {
      if (sets.size() == kSetsMax) return fail(Errc::invalid_argument, "more than {} sets at once", kSetsMax);
      sets.push_back(read_set(set.as_object()));
    }
  } catch (const std::exception& error) {
    return fail(Errc::invalid_argument, "sets[{}] cannot be read: {}", sets.size(), error.what());
  }
  return sets;
}

// What became of the write is unknown, or it did not happen for now: to be asked again. Else the set was refused for good.
bool passes(const Error& error) {
  return error.code == Errc::timeout || error.code == Errc::unavailable || error.code == Errc::resource_exhausted;
}

// The answers of all writes of one request; the last one sends them.
struct Answers {
  remoting::Reply reply;
  json::array results;
  std::size_t missing = 0;

  void done() {
    if (missing != 0) return;
    auto response = reply.response(wire::response_code::kSuccess);
    response.body = json::serialize(results);
    reply.send(std::move(response));
  }
};

}  // namespace

void handle_import_sets(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto sets = read_sets(request.command.body);
  if (!sets) return request.reply.send(wire::response_code::kControllerInvalidRequest, sets.error().message);
  auto answers = std::make_shared<Answers>();
  answers->reply = std::move(request.reply);
  answers->missing = sets->size();
  for (const auto& set : *sets) answers->results.push_back(json::object{{"set", set.broker_name}});
  answers->done();
  for (std::size_t n = 0; n < sets->size(); ++n) {
    controller.replica.write(controller.replica.with_facts(std::move((*sets)[n])),
                             [answers, n](const Result<replication::Applied>& applied) {
                               json::object& result = answers->results[n].as_object();
                               result["imported"] =
                                   applied && applied->outcome.verdict == replication::Verdict::success;
                               result["retry"] = !applied && passes(applied.error());
                               result["remark"] = applied ? applied->outcome.remark : applied.error().message;
                               --answers->missing;
                               answers->done();
                             });
  }
}

}  // namespace gantry::controller
