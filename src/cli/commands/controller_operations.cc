// gantry controller status | sets | explain | elect; the verbs about the group itself are in controller_members.cc.
#include "cli/commands/controller_operations.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/exit_code.h"
#include "cli/commands/controller_members.h"
#include "cli/commands/controller_requests.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/controller_group.h"
#include "cli/output.h"
#include "rocketmq/controller_client.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using rocketmq::ControllerClient;
struct OperationOptions {
  ControllersOptions controllers;
  std::string set;
  std::string cluster;
  std::int64_t broker_id = -1;
};

asio::awaitable<int> show_status(const OperationOptions& options, ClientPtr client) {
  json::array nodes;
  json::object result{{"leader", nullptr}, {"term", nullptr}, {"commit_index", nullptr}};
  std::int64_t newest = -1;
  const auto answers = co_await ask_nodes(client->remoting(), client->endpoints(), kStatusWithin);
  for (const auto& [address, answer] : answers) {
    if (!answer) {
      print_error(answer.error().message);
      nodes.push_back(json::object{{"id", nullptr},
                                   {"address", address},
                                   {"role", "unreachable"},
                                   {"term", nullptr},
                                   {"applied_index", nullptr},
                                   {"brokers_alive", nullptr},
                                   {"alive", false}});
      continue;
    }
    const json::object& node = *answer;
    // null: it is of no group yet
    const std::int64_t term = node.at("term").is_null() ? -1 : node.at("term").to_number<std::int64_t>();
    if (term > newest || (term == newest && node.at("role") == "leader")) {
      newest = term;
      result["leader"] = node.at("leader");
      result["term"] = term;
      result["commit_index"] = node.at("commit_index");
    }
    nodes.push_back(json::object{{"id", node.at("name")},
                                 {"address", address},
                                 {"role", node.at("role")},
                                 {"term", node.at("term")},
                                 {"applied_index", node.at("applied_index")},
                                 {"brokers_alive", node.at("brokers_alive")},
                                 {"alive", true}});
  }
  const bool led = !result.at("leader").is_null();
  if (options.controllers.format == Format::table) {
    print_list(nodes, {"id", "address", "role", "term", "applied_index", "brokers_alive"}, options.controllers.format);
    if (!led) print_error("no controller leads: a majority of them must run and reach each other");
  } else {
    result["nodes"] = std::move(nodes);
    print_object(result, options.controllers.format);
  }
  co_return led ? kDone : kFailed;
}

asio::awaitable<int> show_sets(const OperationOptions& options, ClientPtr client) {
  json::array all;
  std::string after;
  while (true) {
    std::string body = json::serialize(json::object{{"after", after}});
    auto answer = co_await ask_any_controller(client, wire::request_code::kGantryControllerSets, std::move(body));
    if (!answer) co_return report(answer.error());
    const json::array& page = answer->as_array();
    if (page.empty()) break;
    after = page.back().at("set").as_string();
    all.insert(all.end(), page.begin(), page.end());
  }
  if (options.controllers.format == Format::table) {
    for (json::value& set : all) {  // ids of members, those that are silent in brackets
      std::string members;
      for (const json::value& member : set.at("replicas").as_array()) {
        const auto id = member.at("id").to_number<std::int64_t>();
        const bool alive = member.at("alive").as_bool();
        members += fmt::format("{}{}{}{}", members.empty() ? "" : " ", alive ? "" : "(", id, alive ? "" : ")");
      }
      set.as_object()["replicas"] = members;
      std::string in_sync;
      for (const json::value& id : set.at("in_sync").as_array())
        in_sync += fmt::format("{}{}", in_sync.empty() ? "" : " ", id.to_number<std::int64_t>());
      set.as_object()["in_sync"] = in_sync;
    }
  }
  print_list(all, {"cluster", "set", "master_id", "master_address", "master_epoch", "in_sync", "replicas"},
             options.controllers.format);
  co_return kDone;
}

asio::awaitable<int> explain_set(const OperationOptions& options, ClientPtr client) {
  std::string body = json::serialize(json::object{{"set", options.set}});
  auto answer = co_await ask_any_controller(client, wire::request_code::kGantryControllerSets, std::move(body));
  if (!answer) co_return report(answer.error());
  if (answer->as_array().empty()) {
    co_return report({Errc::not_found, fmt::format("set {} is not known to the controllers; see them with: gantry "
                                                   "controller sets",
                                                   options.set)});
  }
  const json::object& set = answer->as_array()[0].as_object();
  if (options.controllers.format != Format::table) {
    print_object(set, options.controllers.format);
    co_return kDone;
  }
  for (const json::value& line : set.at("explanation").as_array()) print(std::string(line.as_string()) + "\n");
  co_return kDone;
}

asio::awaitable<int> elect_master(const OperationOptions& options, ClientPtr client) {
  wire::ElectMasterRequestHeader header;
  header.cluster_name = options.cluster;
  header.broker_name = options.set;
  header.broker_id = options.broker_id;
  header.designate_elect = options.broker_id >= 0;
  auto elected = co_await client->elect_master(std::move(header));
  if (!elected) co_return report(elected.error().error);
  const auto& master = elected->master;
  print_object({{"set", options.set},
                {"changed", elected->changed},
                {"master_id", master.master_broker_id ? json::value(*master.master_broker_id) : json::value(nullptr)},
                {"master_address", master.master_address ? json::value(*master.master_address) : json::value(nullptr)},
                {"master_epoch", master.master_epoch ? json::value(*master.master_epoch) : json::value(nullptr)}},
               options.controllers.format);
  co_return kDone;
}

using Operation = asio::awaitable<int> (*)(const OperationOptions&, ClientPtr);

}  // namespace

void declare_controller_operations(CLI::App& controller, Invocation& invocation) {
  auto options = std::make_shared<OperationOptions>();
  const auto declare = [&](const char* verb, const char* summary, Operation operation) {
    CLI::App& command = *controller.add_subcommand(verb, summary);
    add_controller_options(command, options->controllers);
    command.callback([options, operation, &invocation] {
      invocation.run = [options, operation] {
        return run_with_controllers(options->controllers,
                                    [&](ClientPtr client) { return operation(*options, std::move(client)); });
      };
    });
    return &command;
  };
  declare("status", "the controllers: who leads, how far each is", &show_status);
  declare("sets", "replica sets: master, epochs, who is in sync", &show_sets);
  auto* explain = declare("explain", "why this master: the last elections of a set", &explain_set);
  explain->add_option("set", options->set, "broker name of the set")->required();
  auto* elect = declare("elect", "hold an election, or make one broker the master", &elect_master);
  elect->add_option("set", options->set, "broker name of the set")->required();
  elect->add_option("--cluster", options->cluster, "cluster name of the set, when it is to be checked");
  elect->add_option("--broker-id", options->broker_id, "who shall be master (default: whoever is best)")
      ->check(CLI::PositiveNumber);
  declare_controller_members(controller, invocation);
}

}  // namespace gantry::cli
