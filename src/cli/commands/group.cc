// gantry group list | describe | reset | delete.
#include <boost/json/array.hpp>
#include <cstdio>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/values.h"
#include "cli/verb.h"
#include "rocketmq/admin.h"
#include "rocketmq/identity.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using rocketmq::AdminQueries;
using ClusterPtr = std::shared_ptr<rocketmq::Cluster>;

struct GroupOptions {
  ConnectionOptions connection;
  Format format = Format::table;
  std::string group;
  std::string topic;
  std::string to;
  bool keep_offsets = false;
};

// Groups that brokers keep for themselves. Rule: org.apache.rocketmq.common.MixAll and TopicValidator.
bool is_system_group(std::string_view group) {
  return group.starts_with("CID_RMQ_SYS_") || group.starts_with("CID_ONS") || group == "TOOLS_CONSUMER" ||
         group == "SELF_TEST_C_GROUP" || group == "SELF_TEST_P_GROUP" || group == "FILTERSRV_CONSUMER" ||
         group == "DEFAULT_CONSUMER" || group == "DEFAULT_PRODUCER" || group == "__MONITOR_CONSUMER" ||
         group == "CLIENT_INNER_PRODUCER" || group == "CID_DefaultHeartBeatSyncerTopic";
}

Error no_such_group(const std::string& group) {
  return Error{Errc::not_found, fmt::format("group {} does not exist: groups are made by the first consumer; see them "
                                            "with: gantry group list",
                                            group)};
}

// Whether a broker has the group among its settings.
asio::awaitable<Result<bool>> is_known(AdminQueries& admin, std::string address, const std::string& group) {
  auto known = co_await admin.groups(std::move(address));
  if (!known) co_return std::unexpected(known.error());
  co_return known->subscription_group_table.contains(group);
}

asio::awaitable<int> list_groups(const GroupOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto masters = co_await admin.masters();
  if (!masters) co_return report(masters.error());
  struct Known {
    std::set<std::string> clients;
    std::set<std::string> brokers;
    std::int32_t retries = 0;
  };
  std::map<std::string, Known> groups;
  for (const auto& [name, address] : *masters) {
    auto known = co_await admin.groups(address);
    if (!known) co_return report(known.error());
    for (const auto& [group, config] : known->subscription_group_table) {
      if (is_system_group(group)) continue;
      groups[group].brokers.insert(name);
      groups[group].retries = config.retry_max_times;
      auto connection = co_await admin.consumer_connection(address, group);
      if (!connection && connection.error().code == Errc::not_found) continue;  // nobody is connected
      if (!connection) co_return report(connection.error());
      for (const auto& client : connection->connection_set) groups[group].clients.insert(client.client_id);
    }
  }
  json::array list;
  for (const auto& [group, known] : groups) {
    list.push_back(json::object{{"group", group},
                                {"consumers", known.clients.size()},
                                {"brokers", known.brokers.size()},
                                {"retry_max_times", known.retries}});
  }
  print_list(list, {"group", "consumers", "brokers", "retry_max_times"}, options.format);
  co_return kDone;
}

asio::awaitable<int> describe_group(const GroupOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto masters = co_await admin.masters();
  if (!masters) co_return report(masters.error());
  bool exists = false;
  std::map<std::string, json::object> clients;
  std::set<std::string> topics;
  json::object subscriptions;
  std::string type, model;
  for (const auto& [name, address] : *masters) {
    auto known = co_await is_known(admin, address, options.group);
    if (!known) co_return report(known.error());
    exists = exists || *known;
    auto of_group = co_await admin.topics_of_group(address, options.group);
    if (!of_group) co_return report(of_group.error());
    topics.insert(of_group->begin(), of_group->end());
    auto connection = co_await admin.consumer_connection(address, options.group);
    if (!connection && connection.error().code == Errc::not_found) continue;  // nobody is connected
    if (!connection) co_return report(connection.error());
    type = connection->consume_type;
    model = connection->message_model;
    for (const auto& [topic, subscription] : connection->subscription_table) {
      subscriptions[topic] = subscription.sub_string;
      topics.insert(topic);
    }
    for (const auto& client : connection->connection_set) {
      clients[client.client_id] = json::object{{"client_id", client.client_id},
                                               {"address", client.client_addr},
                                               {"language", client.language},
                                               {"version", rocketmq::version_name(client.version)}};
    }
  }
  if (!exists && clients.empty() && topics.empty()) {
    co_return report(no_such_group(options.group));
  }
  json::array client_list, topic_list;
  for (auto& [id, client] : clients) client_list.push_back(std::move(client));
  for (const std::string& topic : topics) topic_list.emplace_back(topic);
  if (options.format != Format::table) {
    print_object(json::object{{"group", options.group},
                              {"consume_type", type.empty() ? json::value(nullptr) : json::value(type)},
                              {"message_model", model.empty() ? json::value(nullptr) : json::value(model)},
                              {"topics", topic_list},
                              {"subscriptions", subscriptions},
                              {"clients", client_list}},
                 options.format);
    co_return kDone;
  }
  print_object(json::object{{"group", options.group},
                            {"consume type", type.empty() ? json::value(nullptr) : json::value(type)},
                            {"message model", model.empty() ? json::value(nullptr) : json::value(model)},
                            {"topics", topic_list},
                            {"subscriptions", subscriptions}},
               options.format);
  print("\n");
  print_list(client_list, {"client_id", "address", "language", "version"}, options.format);
  co_return kDone;
}

// Where the group stands, by queue; a queue that nobody can tell of is left out.
asio::awaitable<Result<std::map<rocketmq::MessageQueue, std::int64_t>>> committed_offsets(AdminQueries& admin,
                                                                                          const GroupOptions& options) {
  std::map<rocketmq::MessageQueue, std::int64_t> offsets;
  auto masters = co_await admin.masters();
  if (!masters) co_return std::unexpected(masters.error());
  for (const auto& [name, address] : *masters) {
    auto answer = co_await admin.consume_stats(address, options.group, options.topic);
    if (!answer) continue;
    for (const auto& [queue, of_queue] : answer->offset_table) offsets[queue] = of_queue.consumer_offset;
  }
  co_return offsets;
}

asio::awaitable<int> reset_group(const GroupOptions& options, ClusterPtr cluster) {
  auto time = parse_time(options.to, rocketmq::unix_now_ms());
  if (!time) co_return report(in_context("--to", time.error()));
  AdminQueries admin(cluster);
  auto before = co_await committed_offsets(admin, options);
  if (!before) co_return report(before.error());
  auto result = co_await admin.reset_offsets(options.topic, options.group, *time);
  if (!result) co_return report(in_context("resetting group " + options.group, result.error()));
  json::array list;
  for (const auto& [queue, offset] : result->offsets) {
    const auto was = before->find(queue);
    list.push_back(json::object{{"broker", queue.broker_name},
                                {"queue_id", queue.queue_id},
                                {"before", was == before->end() ? json::value(nullptr) : json::value(was->second)},
                                {"offset", offset}});
  }
  print_list(list, {"broker", "queue_id", "before", "offset"}, options.format);
  co_return kDone;
}

asio::awaitable<int> delete_group(const GroupOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto masters = co_await admin.masters();
  if (!masters) co_return report(masters.error());
  bool exists = false;
  for (const auto& [name, address] : *masters) {
    auto known = co_await is_known(admin, address, options.group);
    if (!known) co_return report(known.error());
    exists = exists || *known;
  }
  if (!exists) co_return report(no_such_group(options.group));
  auto deleted = co_await admin.delete_group(options.group, !options.keep_offsets);
  if (!deleted) co_return report(in_context("deleting group " + options.group, deleted.error()));
  print_object(json::object{{"group", options.group}, {"deleted", true}}, options.format);
  co_return kDone;
}

}  // namespace

void declare_group(CLI::App& command, Invocation& invocation) {
  command.require_subcommand(1);
  auto options = std::make_shared<GroupOptions>();
  declare_verb(command, "list", "list consumer groups", options, invocation, &list_groups);
  CLI::App& describe = declare_verb(command, "describe", "show clients and subscriptions of a group", options,
                                    invocation, &describe_group);
  add_group(describe, "group,--group,-g", options->group, "consumer group")->required();
  CLI::App& reset =
      declare_verb(command, "reset", "move a group to another point in time", options, invocation, &reset_group);
  add_group(reset, "group,--group,-g", options->group, "consumer group")->required();
  add_topic(reset, "--topic,-t", options->topic, "topic")->required();
  reset
      .add_option("--to", options->to,
                  "now or latest (skips everything that waits), earliest, 2026-01-31T12:00:00Z, -10m, or Unix ms")
      ->required();
  CLI::App& remove =
      declare_verb(command, "delete", "delete a group and its offsets", options, invocation, &delete_group);
  add_group(remove, "group,--group,-g", options->group, "consumer group")->required();
  remove.add_flag("--keep-offsets", options->keep_offsets,
                  "leave its offsets, so that it goes on there when it comes back");
}

}  // namespace gantry::cli
