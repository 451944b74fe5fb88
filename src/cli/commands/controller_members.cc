// gantry controller members | transfer | snapshot | bootstrap.
#include "cli/commands/controller_members.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/exit_code.h"
#include "cli/commands/controller_recover.h"
#include "cli/commands/controller_requests.h"
#include "cli/connection.h"
#include "cli/controller_group.h"
#include "wire/gantry_codes.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
namespace codes = wire::request_code;
using std::chrono::milliseconds;

struct MembersOptions {
  ControllersOptions controllers;
  std::string member;  // NAME, NAME-HOST:PORT, or an id
  bool force = false;
  int wait_s = 30;
};

constexpr milliseconds kRetryFor{10'000};  // while nobody leads, or the leadership is handed over first
constexpr milliseconds kPause{200};
constexpr milliseconds kElectedWithin{2'500};  // after which an election has had its time

using Ask = asio::awaitable<Result<json::value>> (*)(ClientPtr, std::int32_t, std::string);

// What was refused for now is asked again: it surely was not done.
asio::awaitable<Result<json::value>> insist(Ask ask, ClientPtr client, std::int32_t code, std::string body) {
  const auto until = std::chrono::steady_clock::now() + kRetryFor;
  while (true) {
    auto answer = co_await ask(client, code, body);
    const bool again = !answer && answer.error().code == Errc::unavailable;
    if (!again || std::chrono::steady_clock::now() > until) co_return answer;
    co_await wait_for(kPause);
  }
}

// All are asked, and then the one that leads, or knows who does. Without a leader what the nodes know is shown all the same: it
// is then that an operator looks.
asio::awaitable<int> list_members(const MembersOptions& options, ClientPtr client) {
  const auto until = std::chrono::steady_clock::now() + kElectedWithin;
  const auto show = [&](const json::array& members) {
    print_list(members, {"id", "name", "address", "role", "alive", "lag"}, options.controllers.format);
  };
  while (true) {
    const auto answers = co_await ask_group(client->remoting(), client->endpoints(), kStatusWithin);
    const NodeAnswer* way = way_to_leader(answers);
    if (way) {
      auto members = co_await ask_controller(client, way->address, codes::kGantryControllerMembers, {}, kStatusWithin);
      if (members) {
        for (json::value& member : members->as_array()) member.as_object()["confirmed"] = true;
        show(members->as_array());
        co_return kDone;
      }
      if (members.error().code != Errc::unavailable && members.error().code != Errc::timeout)
        co_return report(members.error());
    }
    const bool any = std::ranges::any_of(answers, [](const NodeAnswer& one) { return one.status.has_value(); });
    if (any && std::chrono::steady_clock::now() < until) {
      co_await wait_for(kPause);
      continue;
    }
    if (any) show(members_unconfirmed(answers));
    print_error(why_no_leader(answers));
    if (const std::string whose = whose_knowledge(answers); !whose.empty()) print_error(whose);
    co_return kFailed;
  }
}

// What the list of members says of the one with this id; null when it is not there, or could not be asked.
asio::awaitable<json::value> find_member(ClientPtr client, json::value id) {
  auto members = co_await ask_any_controller(client, codes::kGantryControllerMembers, {});
  if (members) {
    for (const json::value& member : members->as_array()) {
      if (member.at("id") == id) co_return member;
    }
  }
  co_return json::value();
}

asio::awaitable<int> change_members(const MembersOptions& options, std::string change, std::string name,
                                    std::string address, ClientPtr client) {
  json::object request{{"change", change}, {"name", name}};
  if (!address.empty()) request["address"] = address;
  if (options.force) request["force"] = true;
  auto answer = co_await insist(&change_by_any_controller, client, codes::kGantryControllerChangeMembers,
                                json::serialize(request));
  if (!answer) co_return report(answer.error());
  json::object member = answer->as_object();
  if (change == "remove") {
    print_object(member, options.controllers.format);
    co_return kDone;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(options.wait_s);
  const json::value id = member.at("id");
  while (member.at("voter") != true && std::chrono::steady_clock::now() < until) {
    co_await wait_for(kPause);
    const json::value now = co_await find_member(client, id);
    if (now.is_object()) member["voter"] = now.at("voter");
  }
  print_object(member, options.controllers.format);
  if (member.at("voter") != true && options.wait_s > 0) {
    print_error("it is a learner still, and made a voter when it has caught up; see gantry controller members");
    co_return kFailed;
  }
  co_return kDone;
}

asio::awaitable<int> add_member(const MembersOptions& options, ClientPtr client) {
  const auto dash = options.member.find('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == options.member.size())
    co_return report({Errc::invalid_argument, "expected NAME-HOST:PORT, got " + options.member});
  const std::string name = options.member.substr(0, dash);
  const std::string address = options.member.substr(dash + 1);
  co_return co_await change_members(options, "add", name, address, client);
}

asio::awaitable<int> remove_member(const MembersOptions& options, ClientPtr client) {
  co_return co_await change_members(options, "remove", options.member, "", client);
}

// The address goes along, so that it can be done again when a leader stopped between removing and adding.
asio::awaitable<int> replace_member(const MembersOptions& options, ClientPtr client) {
  const auto dash = options.member.find('-');
  const std::string name = options.member.substr(0, dash);
  std::string address = dash == std::string::npos ? "" : options.member.substr(dash + 1);
  if (address.empty()) {
    auto members = co_await insist(&ask_any_controller, client, codes::kGantryControllerMembers, {});
    if (!members) co_return report(members.error());
    for (const json::value& member : members->as_array()) {
      if (member.at("name").as_string() == name) address = member.at("address").as_string();
    }
  }
  co_return co_await change_members(options, "replace", name, address, client);
}

asio::awaitable<int> transfer(const MembersOptions& options, ClientPtr client) {
  const std::string body = options.member.empty() ? "" : json::serialize(json::object{{"name", options.member}});
  auto answer = co_await insist(&change_by_any_controller, client, codes::kGantryControllerTransfer, body);
  if (!answer) co_return report(answer.error());
  const json::object result{{"leader", answer->at("name")}, {"address", answer->at("address")}};
  print_object(result, options.controllers.format);
  co_return kDone;
}

asio::awaitable<int> take_snapshot(const MembersOptions& options, ClientPtr client) {
  json::array taken;
  int code = kDone;
  for (const std::string& address : client->endpoints()) {
    auto answer = co_await ask_controller(client, address, codes::kGantryControllerSnapshot, {});
    if (!answer) {
      code = report(answer.error());
      continue;
    }
    taken.push_back(json::object{{"address", address}, {"index", answer->at("index")}, {"bytes", answer->at("bytes")}});
  }
  print_list(taken, {"address", "index", "bytes"}, options.controllers.format);
  co_return code;
}

constexpr std::string_view kRisk =
    "bootstrap --force forms a group although peers are silent. If one of them is of a group already, or comes back "
    "with "
    "data, there are two groups that each elect masters: messages are lost. Use it only when the silent ones and their "
    "directories are gone for good; then give it every controller that is left, at least a majority of the peers.";

asio::awaitable<int> bootstrap(const MembersOptions& options, ClientPtr client) {
  if (!options.force) {
    print_error(kRisk);
    co_return kUsage;
  }
  int code = kDone;
  json::array formed;
  for (const std::string& address : client->endpoints()) {
    auto answer = co_await ask_controller(client, address, codes::kGantryControllerBootstrap, {});
    if (!answer) code = report(answer.error());
    formed.push_back(json::object{{"address", address}, {"formed", answer.has_value()}});
  }
  print_list(formed, {"address", "formed"}, options.controllers.format);
  co_return code;
}

}  // namespace

void declare_controller_members(CLI::App& controller, Invocation& invocation) {
  auto options = std::make_shared<MembersOptions>();
  using Verb = asio::awaitable<int> (*)(const MembersOptions&, ClientPtr);
  const auto declare = [&](CLI::App& parent, const char* name, const char* summary, Verb verb) {
    CLI::App& command = *parent.add_subcommand(name, summary);
    add_controller_options(command, options->controllers);
    command.callback([options, verb, &command, &invocation] {
      if (!command.get_subcommands().empty()) return;
      invocation.run = [options, verb] {
        return run_with_controllers(options->controllers,
                                    [&](ClientPtr client) { return verb(*options, std::move(client)); });
      };
    });
    return &command;
  };
  auto* members = declare(controller, "members", "the group: who is in it; add, remove or replace one", &list_members);
  members->require_subcommand(0, 1);
  const auto wait = [&](CLI::App* command) {
    command->add_option("--wait", options->wait_s, "seconds to wait until it is a voter; 0: do not")
        ->capture_default_str()
        ->check(CLI::Range(0, 3600));
  };
  auto* add = declare(*members, "add", "take a controller in that was started with --join", &add_member);
  add->add_option("member", options->member, "NAME-HOST:PORT, as in --peers")->required();
  wait(add);
  auto* remove = declare(*members, "remove", "take a controller out of the group", &remove_member);
  remove->add_option("member", options->member, "its name or id")->required();
  const auto force_quorum = [&](CLI::App* command) {
    command->add_flag("--force", options->force, "although the group then has no majority that lives");
  };
  force_quorum(remove);
  auto* replace = declare(*members, "replace", "give a controller that lost its directory a new id", &replace_member);
  replace->add_option("member", options->member, "its name; NAME-HOST:PORT when it is elsewhere now")->required();
  wait(replace);
  force_quorum(replace);
  auto* to = declare(controller, "transfer", "hand the leadership over", &transfer);
  to->add_option("member", options->member, "name or id of who shall lead (default: who is closest)");
  declare(controller, "snapshot", "write a snapshot now, on each of the endpoints", &take_snapshot);
  auto* force = declare(controller, "bootstrap", "form a group although peers are gone for good", &bootstrap);
  force->add_flag("--force", options->force, "you know that they are; without it the risk is told");
  declare_controller_recover(controller, invocation);
}

}  // namespace gantry::cli
