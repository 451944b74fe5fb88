// gantry topic list | create | delete | describe.
#include "wire/bodies/topic.h"

#include <boost/json/array.hpp>
#include <cstdio>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/values.h"
#include "cli/verb.h"
#include "rocketmq/admin.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using rocketmq::AdminQueries;
using ClusterPtr = std::shared_ptr<rocketmq::Cluster>;

struct TopicOptions {
  ConnectionOptions connection;
  Format format = Format::table;
  std::string topic;
  bool all = false;
  std::int32_t queues = 8;
  bool order = false;
  bool shrink = false;
  std::string type;
  std::vector<std::string> brokers;
};

std::string perm_text(std::int32_t perm) {
  std::string text;
  text += (perm & wire::perm::kRead) != 0 ? 'R' : '-';
  text += (perm & wire::perm::kWrite) != 0 ? 'W' : '-';
  return text;
}

asio::awaitable<int> list_topics(const TopicOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto topics = co_await admin.topic_list();
  if (!topics) co_return report(topics.error());
  if (!options.all) {
    auto info = co_await admin.cluster_info();
    const std::set<std::string> own = info ? rocketmq::topics_of_brokers(*info) : std::set<std::string>{};
    std::erase_if(*topics, [&](const auto& topic) { return rocketmq::is_system_topic(topic) || own.contains(topic); });
  }
  json::array list;
  for (const std::string& topic : *topics) list.push_back(json::object{{"topic", topic}});
  print_list(list, {"topic"}, options.format);
  co_return kDone;
}

// Queues that brokers have of the topic already; empty when it does not exist.
asio::awaitable<Result<std::map<std::string, std::int32_t>>> existing_queues(const TopicOptions& options,
                                                                             ClusterPtr cluster) {
  std::map<std::string, std::int32_t> queues;
  auto route = co_await cluster->route(options.topic, rocketmq::Freshness::now);
  if (!route && route.error().code == Errc::not_found) co_return queues;
  if (!route) co_return std::unexpected(route.error());
  for (const wire::QueueData& data : route->queues) {
    if (options.brokers.empty() || std::ranges::find(options.brokers, data.broker_name) != options.brokers.end())
      queues[data.broker_name] = std::max(data.read_queue_nums, data.write_queue_nums);
  }
  co_return queues;
}

asio::awaitable<int> create_topic(const TopicOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto before = co_await existing_queues(options, cluster);
  if (!before) co_return report(before.error());
  std::int32_t most = 0;
  for (const auto& [broker, queues] : *before) {
    most = std::max(most, queues);
    if (queues <= options.queues || options.shrink) continue;
    co_return report(
        Error{Errc::already_exists,
              fmt::format("topic {} exists and has {} queues on {}: with {} nobody would see the messages of queues {} "
                          "to {} any more; --shrink does it all the same",
                          options.topic, queues, broker, options.queues, options.queues, queues - 1)});
  }
  wire::TopicConfig config;
  config.topic_name = options.topic;
  config.read_queue_nums = config.write_queue_nums = options.queues;
  config.order = options.order;
  if (!options.type.empty()) config.attributes["message.type"] = options.type;
  std::set<std::string> brokers(options.brokers.begin(), options.brokers.end());
  auto created = co_await admin.create_topic(config, std::move(brokers));
  if (!created) co_return report(in_context("creating topic " + options.topic, created.error()));
  print_object(json::object{{"topic", options.topic},
                            {"queues", options.queues},
                            {"created", before->empty()},
                            {"queues_before", before->empty() ? json::value(nullptr) : json::value(most)}},
               options.format);
  co_return kDone;
}

asio::awaitable<int> delete_topic(const TopicOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto route = co_await cluster->route(options.topic);
  if (!route) co_return report(route.error());
  auto deleted = co_await admin.delete_topic(options.topic);
  if (!deleted) co_return report(in_context("deleting topic " + options.topic, deleted.error()));
  print_object(json::object{{"topic", options.topic}, {"deleted", true}}, options.format);
  co_return kDone;
}

asio::awaitable<int> describe_topic(const TopicOptions& options, ClusterPtr cluster) {
  AdminQueries admin(cluster);
  auto route = co_await cluster->route(options.topic);
  if (!route) co_return report(route.error());
  json::array brokers, queues;
  std::set<std::string> groups;
  for (const wire::QueueData& data : route->queues) {
    const std::string* master = route->master(data.broker_name);
    brokers.push_back(json::object{{"broker", data.broker_name},
                                   {"address", master == nullptr ? json::value(nullptr) : json::value(*master)},
                                   {"read_queues", data.read_queue_nums},
                                   {"write_queues", data.write_queue_nums},
                                   {"perm", perm_text(data.perm)}});
    if (master == nullptr) continue;
    auto stats = co_await admin.topic_stats(*master, options.topic);
    if (!stats) co_return report(stats.error());
    for (const auto& [queue, offsets] : stats->offset_table) {
      queues.push_back(json::object{{"broker", queue.broker_name},
                                    {"queue_id", queue.queue_id},
                                    {"min_offset", offsets.min_offset},
                                    {"max_offset", offsets.max_offset},
                                    {"last_update_ms", offsets.last_update_timestamp_ms}});
    }
    auto known = co_await admin.groups_of_topic(*master, options.topic);
    if (!known) co_return report(known.error());
    groups.insert(known->begin(), known->end());
    // Java brokers list a topic that has consumers as a group of itself
    auto all = co_await admin.groups(*master);
    if (all && !all->subscription_group_table.contains(options.topic)) groups.erase(options.topic);
  }
  json::array group_list;
  for (const std::string& group : groups) group_list.emplace_back(group);
  if (options.format != Format::table) {
    print_object(
        json::object{{"topic", options.topic}, {"brokers", brokers}, {"queues", queues}, {"groups", group_list}},
        options.format);
    co_return kDone;
  }
  print_list(brokers, {"broker", "address", "read_queues", "write_queues", "perm"}, options.format);
  print("\n");
  print_list(queues, {"broker", "queue_id", "min_offset", "max_offset"}, options.format);
  std::string line = "\ngroups:";
  for (const std::string& group : groups) line += " " + group;
  print(line + "\n");
  co_return kDone;
}

}  // namespace

void declare_topic(CLI::App& command, Invocation& invocation) {
  command.require_subcommand(1);
  auto options = std::make_shared<TopicOptions>();
  CLI::App& list = declare_verb(command, "list", "list topics", options, invocation, &list_topics);
  list.add_flag("--all,-a", options->all, "also retry, dead-letter and system topics");
  CLI::App& create =
      declare_verb(command, "create", "create a topic, or change it", options, invocation, &create_topic);
  add_topic(create, "topic,--topic,-t", options->topic, "name")->required();
  create.add_option("--queues,-q", options->queues, "queues on each broker")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  create.add_flag("--shrink", options->shrink, "an existing topic may lose queues, with the messages in them");
  create.add_flag("--order", options->order, "an ordered topic");
  create.add_option("--type", options->type, "message type: NORMAL, FIFO, DELAY or TRANSACTION")
      ->check(CLI::IsMember({"NORMAL", "FIFO", "DELAY", "TRANSACTION"}));
  create.add_option("--broker,-b", options->brokers, "only on this broker; may be repeated");
  CLI::App& remove =
      declare_verb(command, "delete", "delete a topic and its messages", options, invocation, &delete_topic);
  add_topic(remove, "topic,--topic,-t", options->topic, "name")->required();
  CLI::App& describe = declare_verb(command, "describe", "show brokers, queues and groups of a topic", options,
                                    invocation, &describe_topic);
  add_topic(describe, "topic,--topic,-t", options->topic, "name")->required();
}

}  // namespace gantry::cli
