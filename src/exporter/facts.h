// What one cycle read of a cluster, as brokers said it and before any arithmetic. Empty: not read, which is never zero.
// Compact, because a cluster may have ten thousand pairs of topic and group with many queues each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "lag/broker_facts.h"

namespace gantry::exporter {

using lag::GroupQueue;
using lag::TopicQueue;

struct TopicFacts {
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::optional<std::vector<TopicQueue>> queues;  // 202, by queue id
  std::int64_t last_store_ms = 0;                 // Unix time of the newest message; 0: there is none
  std::optional<double> put_bytes_per_second;     // 315, over the last minute
};

// What one consumer says of itself for one topic (307).
struct ClientStatus {
  std::string topic;
  std::int64_t failed_messages = 0;  // of the last hour
  double failed_per_second = 0;
  double consumed_per_second = 0;
  double consume_ms = 0;  // of one message, on average
  double pull_ms = 0;
  double pulled_per_second = 0;
};

struct ClientFacts {
  std::string client_id;
  std::string address;
  std::vector<ClientStatus> status;  // empty also when it was not asked or did not answer
};

// 315, over the last minute.
struct PairSizes {
  std::optional<double> got_bytes_per_second;
  std::optional<std::int64_t> sent_back;
};

struct GroupFacts {
  std::optional<std::vector<ClientFacts>> clients;  // 203; nobody: an empty list
  std::string consume_type;                         // of the clients
  std::string message_model;
  std::vector<std::string> subscriptions;                          // topics
  bool stats_read = false;                                         // 208 was answered
  std::unordered_map<std::string, std::vector<GroupQueue>> stats;  // by topic
  std::unordered_map<std::string, PairSizes> sizes;                // by topic
};

struct BrokerFacts {
  std::string cluster;
  std::string name;
  std::string address;                                        // of the master; empty: there is none
  std::optional<Error> failed;                                // nothing of it is known
  std::optional<std::map<std::string, std::string>> runtime;  // 28
  std::map<std::string, std::optional<std::map<std::string, std::string>>> replicas;  // 28 of slaves, by address
  std::map<std::string, TopicFacts> topics;                                           // 21
  std::map<std::string, GroupFacts> groups;                                           // 201 and 43
  // 43: "topic@group" to queue id to offset; a queue that is not there was never committed.
  std::optional<std::map<std::string, std::map<std::int32_t, std::int64_t>>> committed;
  std::optional<std::map<std::string, std::int64_t>> producers;  // 328: clients by producer group
};

struct ClusterFacts {
  std::optional<Error> failed;                   // no name server told the brokers
  std::vector<BrokerFacts> brokers;              // by name
  std::map<std::string, std::uint64_t> errors;   // requests that failed, by the name of the request
  std::map<std::string, std::uint64_t> dropped;  // what was beyond a limit, by the name of the limit
  std::uint64_t requests = 0;
  std::int64_t started_ms = 0;  // Unix time
};

}  // namespace gantry::exporter
