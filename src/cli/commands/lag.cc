// gantry lag: one reading of how far a group is behind in a topic.
#include <boost/json/array.hpp>
#include <cstdio>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/values.h"
#include "lag/rocketmq_lag.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::chrono::seconds kDelayedTimeMax{60};  // to read messages that are held back

struct LagOptions {
  ConnectionOptions connection;
  Format format = Format::table;
  std::string topic;
  std::string group;
  std::string policy = "earliest";
  bool delayed = false;
};

json::value or_null(std::optional<std::int64_t> value) { return value ? json::value(*value) : json::value(nullptr); }

json::object to_json(const lag::LagReading& reading, bool delayed) {
  json::array queues;
  for (const lag::QueueReading& queue : reading.queues) {
    queues.push_back(json::object{{"broker", queue.broker},
                                  {"queue_id", queue.queue_id},
                                  {"broker_offset", or_null(queue.broker_offset)},
                                  {"consumer_offset", or_null(queue.consumer_offset)},
                                  {"lag", or_null(queue.lag)}});
  }
  json::array unknown;
  for (const std::string& reason : reading.unknown) unknown.emplace_back(reason);
  json::object object{{"topic", reading.topic},
                      {"group", reading.group},
                      {"lag", or_null(reading.lag)},
                      {"in_flight", or_null(reading.in_flight)},
                      {"ready", or_null(reading.ready)},
                      {"oldest_age_ms", or_null(reading.oldest_age_ms)},
                      {"retry", or_null(reading.retry)},
                      {"dlq", or_null(reading.dead_letter)},
                      {"consumers", or_null(reading.consumers)},
                      {"queues", std::move(queues)},
                      {"unknown", std::move(unknown)}};
  if (delayed) {
    object["delayed"] = or_null(reading.delayed);
    object["delayed_retry"] = or_null(reading.delayed_retry);
  }
  return object;
}

void print_reading(const lag::LagReading& reading, Format format, bool delayed) {
  json::object object = to_json(reading, delayed);
  if (format != Format::table) return print_object(object, format);
  print_list(object["queues"].as_array(), {"broker", "queue_id", "broker_offset", "consumer_offset", "lag"}, format);
  print("\n");
  json::object sums;
  for (const char* name : {"lag", "in_flight", "ready", "oldest_age_ms", "retry", "dlq", "consumers"}) {
    sums[name] = object[name];
  }
  if (delayed) {
    for (const char* name : {"delayed", "delayed_retry"}) sums[name] = object[name];
  }
  print_object(sums, format);
  for (const std::string& reason : reading.unknown) print("unknown: " + reason + "\n");
}

asio::awaitable<int> run_lag(const LagOptions& options, std::shared_ptr<rocketmq::Cluster> cluster) {
  lag::RocketmqLagConfig config;
  config.delayed.read_at_once_max = config.delayed.waiting_max;  // it reads once, so it waits for all of them
  config.delayed.time_max = kDelayedTimeMax;
  if (options.delayed) config.timeout += kDelayedTimeMax;
  lag::RocketmqLag source(cluster, config);
  lag::LagQuery query;
  query.topic = options.topic;
  query.group = options.group;
  query.policy = options.policy == "latest" ? lag::OffsetResetPolicy::latest : lag::OffsetResetPolicy::earliest;
  query.needs.delayed = options.delayed;
  auto reading = co_await source.read(query);
  if (!reading) co_return report(reading.error());
  print_reading(*reading, options.format, options.delayed);
  const bool never = !reading->queues.empty() && std::ranges::all_of(reading->queues, [](const auto& queue) {
    return queue.never_committed || queue.broker_offset == 0;
  });
  if (never && reading->consumers == 0) {
    std::fprintf(stderr,
                 "gantry: group %s has never committed an offset in topic %s: counted from %s (is the name right? "
                 "gantry group list)\n",
                 options.group.c_str(), options.topic.c_str(), options.policy.c_str());
  }
  co_return kDone;
}

}  // namespace

void declare_lag(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<LagOptions>();
  add_connection_options(command, options->connection);
  add_output_option(command, options->format);
  add_topic(command, "--topic,-t", options->topic, "topic")->required();
  add_group(command, "--group,-g", options->group, "consumer group")->required();
  command
      .add_option("--offset-reset-policy", options->policy,
                  "where a group begins that has never committed: earliest or latest")
      ->check(CLI::IsMember({"earliest", "latest"}))
      ->capture_default_str();
  command.add_flag("--delayed", options->delayed,
                   "count also messages that wait at the brokers for their delivery time; at Apache brokers those sent "
                   "with a delay level are read for it");
  run_on_cluster(command, invocation, options, run_lag);
}

}  // namespace gantry::cli
