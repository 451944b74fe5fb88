// The series of our own naming: units in the names, base units, labels that mean the same everywhere.
// Rule: https://prometheus.io/docs/practices/naming/
#include <array>

#include "exporter/runtime_numbers.h"
#include "exporter/snapshot.h"
#include "queueing/topic_names.h"

namespace gantry::exporter {
namespace {

constexpr double kMsPerSecond = 1'000;  // to divide by: times 0.001 makes 113.35900000000001 of 113,359 ms

std::string of_pair(const PairReading& pair) {
  return labels({{"cluster", pair.cluster}, {"topic", pair.topic}, {"group", pair.group}});
}
std::string of_group(const GroupReading& group) { return labels({{"cluster", group.cluster}, {"group", group.group}}); }
std::string of_topic(const TopicReading& topic) {
  return labels({{"cluster", topic.broker->cluster}, {"broker", topic.broker->name}, {"topic", topic.topic}});
}
std::string of_broker(const BrokerFacts& broker) {
  return labels({{"cluster", broker.cluster}, {"broker", broker.name}});
}

void write_pairs(const Snapshot& snapshot, TextWriter& out, std::string_view name, std::string_view help,
                 std::optional<std::int64_t> lag::LagReading::* member) {
  out.family(name, SeriesType::gauge, help);
  for (const PairReading& pair : snapshot.readings.pairs()) {
    if (const auto& value = pair.lag.*member) out.sample(of_pair(pair), *value);
  }
}

void write_lag(const Snapshot& snapshot, TextWriter& out) {
  write_pairs(snapshot, out, "gantry_rocketmq_group_lag_messages", "Messages that the group has not consumed.",
              &lag::LagReading::lag);
}
void write_age(const Snapshot& snapshot, TextWriter& out) {
  out.family("gantry_rocketmq_group_lag_seconds", SeriesType::gauge,
             "Age of the oldest message that the group has not consumed; 0 when there is none.");
  for (const PairReading& pair : snapshot.readings.pairs()) {
    if (pair.lag.oldest_age_ms) {
      out.sample(of_pair(pair), static_cast<double>(*pair.lag.oldest_age_ms) / kMsPerSecond);
    }
  }
}
void write_in_flight(const Snapshot& snapshot, TextWriter& out) {
  write_pairs(snapshot, out, "gantry_rocketmq_group_in_flight_messages",
              "Messages of the lag that consumers have fetched and not yet acknowledged.", &lag::LagReading::in_flight);
}
void write_ready(const Snapshot& snapshot, TextWriter& out) {
  write_pairs(snapshot, out, "gantry_rocketmq_group_ready_messages",
              "Messages of the lag that no consumer has fetched.", &lag::LagReading::ready);
}
void write_consumed(const Snapshot& snapshot, TextWriter& out) {
  out.family("gantry_rocketmq_group_consumed_messages_total", SeriesType::counter,
             "Sum of the committed offsets of the group; a reset of offsets sets it back.");
  for (const PairReading& pair : snapshot.readings.pairs()) {
    for (const BrokerShare& share : pair.shares) {
      out.sample(labels({{"cluster", share.broker->cluster},
                         {"broker", share.broker->name},
                         {"topic", pair.topic},
                         {"group", pair.group}}),
                 share.consumer_offset);
    }
  }
}

void write_groups(const Snapshot& snapshot, TextWriter& out, std::string_view name, std::string_view help,
                  std::optional<std::int64_t> GroupReading::* member) {
  out.family(name, SeriesType::gauge, help);
  for (const GroupReading& group : snapshot.readings.groups()) {
    if (const auto& value = group.*member) out.sample(of_group(group), *value);
  }
}
void write_group_numbers(const Snapshot& snapshot, TextWriter& out) {
  write_groups(snapshot, out, "gantry_rocketmq_group_retry_messages",
               "Messages that wait in the retry topics of the group.", &GroupReading::retry);
  write_groups(snapshot, out, "gantry_rocketmq_group_dead_letter_messages",
               "Messages stored in the dead-letter topic of the group.", &GroupReading::dead_letter);
  write_groups(snapshot, out, "gantry_rocketmq_group_consumers", "Consumers of the group that are connected.",
               &GroupReading::consumers);
}

void write_topics(const Snapshot& snapshot, TextWriter& out) {
  out.family("gantry_rocketmq_topic_produced_messages_total", SeriesType::counter,
             "Messages ever stored in the topic: the sum of the maximum offsets of its queues.");
  for (const TopicReading& topic : snapshot.topics) out.sample(of_topic(topic), topic.max_offset);
  out.family("gantry_rocketmq_topic_expired_messages_total", SeriesType::counter,
             "Messages of the topic that are deleted: the sum of the minimum offsets of its queues.");
  for (const TopicReading& topic : snapshot.topics) out.sample(of_topic(topic), topic.min_offset);
  out.family("gantry_rocketmq_topic_stored_messages", SeriesType::gauge, "Messages that the topic holds now.");
  for (const TopicReading& topic : snapshot.topics) out.sample(of_topic(topic), topic.max_offset - topic.min_offset);
  out.family("gantry_rocketmq_topic_queues", SeriesType::gauge, "Queues of the topic that consumers read.");
  for (const TopicReading& topic : snapshot.topics) out.sample(of_topic(topic), topic.facts->read_queues);
  out.family("gantry_rocketmq_topic_last_message_timestamp_seconds", SeriesType::gauge,
             "When the newest message of the topic was stored.");
  for (const TopicReading& topic : snapshot.topics) {
    if (topic.facts->last_store_ms > 0) {
      out.sample(of_topic(topic), static_cast<double>(topic.facts->last_store_ms) / kMsPerSecond);
    }
  }
}

void write_clients(const Snapshot& snapshot, TextWriter& out) {
  struct Number {
    std::string_view name;
    std::string_view help;
    double (*value)(const ClientStatus&);
  };
  static constexpr std::array kNumbers = {
      Number{"gantry_rocketmq_client_consumed_messages_per_second", "Messages that the consumer consumes, as it says.",
             [](const ClientStatus& status) { return status.consumed_per_second; }},
      Number{"gantry_rocketmq_client_failed_messages_per_second", "Messages that it fails to consume, as it says.",
             [](const ClientStatus& status) { return status.failed_per_second; }},
      Number{"gantry_rocketmq_client_consume_seconds", "Mean time that it takes for a message.",
             [](const ClientStatus& status) { return status.consume_ms / kMsPerSecond; }},
      Number{"gantry_rocketmq_client_pull_seconds", "Mean time of its pull requests.",
             [](const ClientStatus& status) { return status.pull_ms / kMsPerSecond; }},
  };
  for (const Number& number : kNumbers) {
    out.family(number.name, SeriesType::gauge, number.help);
    for (const GroupReading& group : snapshot.readings.groups()) {
      for (const auto& [id, client] : group.clients) {
        for (const ClientStatus& status : client->status) {
          if (status.topic.size() > snapshot.config.label_bytes_max || id.size() > snapshot.config.label_bytes_max) {
            continue;
          }
          out.sample(
              labels({{"cluster", group.cluster}, {"group", group.group}, {"topic", status.topic}, {"client_id", id}}),
              number.value(status));
        }
      }
    }
  }
}

void write_producers(const Snapshot& snapshot, TextWriter& out) {
  write_producer_counts(snapshot, out, "gantry_rocketmq_producers", "Producers that are connected, by producer group.");
}

struct BrokerNumber {
  std::string_view name;
  std::string_view help;
  SeriesType type;
  RuntimeNumber number;
  double units = 1;  // of the broker, in one of ours
};

using enum RuntimeForm;
using enum SeriesType;

constexpr std::array kBrokerNumbers = {
    BrokerNumber{"gantry_rocketmq_broker_put_messages_total",
                 "Messages stored since the broker started.",
                 counter,
                 {"putMessageTimesTotal"}},
    BrokerNumber{"gantry_rocketmq_broker_put_bytes_total",
                 "Bytes stored since the broker started.",
                 counter,
                 {"putMessageSizeTotal"}},
    BrokerNumber{"gantry_rocketmq_broker_get_messages_total",
                 "Messages handed to consumers since the broker started.",
                 counter,
                 {"getMessageTransferredMsgCount"}},
    BrokerNumber{"gantry_rocketmq_broker_put_messages_per_second",
                 "Messages stored, over the last minute.",
                 gauge,
                 {"putTps", word, 1}},
    BrokerNumber{"gantry_rocketmq_broker_get_messages_per_second",
                 "Messages handed to consumers, over the last minute.",
                 gauge,
                 {"getTransferredTps", word, 1}},
    BrokerNumber{"gantry_rocketmq_broker_boot_timestamp_seconds",
                 "When the broker started.",
                 gauge,
                 {"bootTimestamp"},
                 kMsPerSecond},
    BrokerNumber{"gantry_rocketmq_broker_earliest_message_timestamp_seconds",
                 "When the oldest message that is left was stored.",
                 gauge,
                 {"earliestMessageTimeStamp"},
                 kMsPerSecond},
    BrokerNumber{"gantry_rocketmq_broker_commit_log_min_offset_bytes",
                 "First byte of the commit log that is left.",
                 gauge,
                 {"commitLogMinOffset"}},
    BrokerNumber{
        "gantry_rocketmq_broker_commit_log_max_offset_bytes", "End of the commit log.", gauge, {"commitLogMaxOffset"}},
    BrokerNumber{"gantry_rocketmq_broker_commit_log_disk_ratio",
                 "How full the disk of the commit log is, 0 to 1.",
                 gauge,
                 {"commitLogDiskRatio"}},
    BrokerNumber{"gantry_rocketmq_broker_consume_queue_disk_ratio",
                 "How full the disk of the consume queues is, 0 to 1.",
                 gauge,
                 {"consumeQueueDiskRatio"}},
    BrokerNumber{"gantry_rocketmq_broker_commit_log_disk_total_bytes",
                 "Size of the disk of the commit log.",
                 gauge,
                 {"commitLogDirCapacity", capacity, 0}},
    BrokerNumber{"gantry_rocketmq_broker_commit_log_disk_free_bytes",
                 "What is free of it.",
                 gauge,
                 {"commitLogDirCapacity", capacity, 1}},
    BrokerNumber{"gantry_rocketmq_broker_unflushed_bytes",
                 "Bytes that are not yet synced to the disk.",
                 gauge,
                 {"remainHowManyDataToFlush", bytes}},
    BrokerNumber{"gantry_rocketmq_broker_dispatch_behind_bytes",
                 "Bytes of the commit log that are not yet indexed.",
                 gauge,
                 {"dispatchBehindBytes"}},
    BrokerNumber{"gantry_rocketmq_broker_page_cache_lock_seconds",
                 "How long the lock of the commit log is held now.",
                 gauge,
                 {"pageCacheLockTimeMills"},
                 kMsPerSecond},
    BrokerNumber{"gantry_rocketmq_broker_put_seconds_max",
                 "Longest time to store a message since the start.",
                 gauge,
                 {"putMessageEntireTimeMax"},
                 kMsPerSecond},
    BrokerNumber{"gantry_rocketmq_broker_put_seconds_p99",
                 "Time to store a message, 99th percentile.",
                 gauge,
                 {"putLatency99"},
                 kMsPerSecond},
    BrokerNumber{"gantry_rocketmq_broker_put_seconds_p999",
                 "Time to store a message, 99.9th percentile.",
                 gauge,
                 {"putLatency999"},
                 kMsPerSecond},
};

void write_brokers(const Snapshot& snapshot, TextWriter& out) {
  out.family("gantry_rocketmq_broker_up", gauge,
             "1: the master of the broker answered; 0: it did not, or there is none.");
  for (const BrokerFacts& broker : snapshot.brokers()) out.sample(of_broker(broker), broker.failed ? 0 : 1);
  out.family("gantry_rocketmq_broker_info", gauge, "Always 1; what the broker is.");
  for (const BrokerFacts& broker : snapshot.brokers()) {
    if (!broker.runtime) continue;
    out.sample(labels({{"cluster", broker.cluster},
                       {"broker", broker.name},
                       {"address", broker.address},
                       {"version", runtime_text(*broker.runtime, "brokerVersionDesc")},
                       {"role", runtime_text(*broker.runtime, "brokerRole")}}),
               1);
  }
  for (const BrokerNumber& number : kBrokerNumbers) {
    out.family(number.name, number.type, number.help);
    for (const BrokerFacts& broker : snapshot.brokers()) {
      if (!broker.runtime) continue;
      // a broker that stores nothing yet says -1 of its oldest message
      if (const auto value = read_runtime(*broker.runtime, number.number); value && *value >= 0) {
        out.sample(of_broker(broker), *value / number.units);
      }
    }
  }
  out.family("gantry_rocketmq_broker_topics", gauge, "Topics of the broker, its own ones too.");
  for (const BrokerFacts& broker : snapshot.brokers()) {
    if (!broker.failed) out.sample(of_broker(broker), broker.topics.size());
  }
}

void write_thread_pools(const Snapshot& snapshot, TextWriter& out) {
  struct Pool {
    std::string_view name, size, capacity, wait;
  };
  static constexpr std::array kPools = {
      Pool{"send", "sendThreadPoolQueueSize", "sendThreadPoolQueueCapacity", "sendThreadPoolQueueHeadWaitTimeMills"},
      Pool{"pull", "pullThreadPoolQueueSize", "pullThreadPoolQueueCapacity", "pullThreadPoolQueueHeadWaitTimeMills"},
      Pool{"query", "queryThreadPoolQueueSize", "queryThreadPoolQueueCapacity",
           "queryThreadPoolQueueHeadWaitTimeMills"},
      Pool{"ack", "ackThreadPoolQueueSize", "ackThreadPoolQueueCapacity", "ackThreadPoolQueueHeadWaitTimeMills"},
  };
  const auto write = [&](std::string_view name, std::string_view help, std::string_view Pool::* key, double units) {
    out.family(name, gauge, help);
    for (const BrokerFacts& broker : snapshot.brokers()) {
      if (!broker.runtime) continue;
      for (const Pool& pool : kPools) {
        const auto value = read_runtime(*broker.runtime, {pool.*key});
        if (!value) continue;
        out.sample(labels({{"cluster", broker.cluster}, {"broker", broker.name}, {"pool", pool.name}}), *value / units);
      }
    }
  };
  write("gantry_rocketmq_broker_thread_pool_queue_requests", "Requests that wait for a thread.", &Pool::size, 1);
  write("gantry_rocketmq_broker_thread_pool_queue_requests_max", "How many may wait.", &Pool::capacity, 1);
  write("gantry_rocketmq_broker_thread_pool_queue_wait_seconds", "How long the first of them has waited.", &Pool::wait,
        kMsPerSecond);
}

void write_replicas(const Snapshot& snapshot, TextWriter& out) {
  out.family("gantry_rocketmq_broker_replica_behind_bytes", gauge,
             "Bytes of the master's commit log that a slave does not have yet.");
  for (const BrokerFacts& broker : snapshot.brokers()) {
    if (!broker.runtime) continue;
    const auto master = read_runtime(*broker.runtime, {"commitLogMaxOffset"});
    for (const auto& [address, runtime] : broker.replicas) {
      const auto slave = runtime ? read_runtime(*runtime, {"commitLogMaxOffset"}) : std::nullopt;
      if (!master || !slave) continue;
      out.sample(labels({{"cluster", broker.cluster}, {"broker", broker.name}, {"address", address}}),
                 *master - *slave);
    }
  }
}

}  // namespace

std::span<const WriteSeries> clean_series() {
  static constexpr std::array<WriteSeries, 12> kSeries = {
      &write_lag,    &write_age,     &write_in_flight, &write_ready,   &write_consumed,     &write_group_numbers,
      &write_topics, &write_clients, &write_producers, &write_brokers, &write_thread_pools, &write_replicas,
  };
  return kSeries;
}

}  // namespace gantry::exporter
