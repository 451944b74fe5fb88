// What the metrics API serves, and to whom: named metrics, each with the metadata of a RocketMQ trigger, and clusters whose
// topics and groups may be named by an HPA's metric selector.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kube/rocketmq_trigger.h"

namespace gantry::metrics_api {

enum class Unit { messages, seconds };  // of lag: how many wait, and how long the oldest one has waited

// The two metrics that every configured cluster has, for HPAs that name topic and group in their metric selector.
inline constexpr std::string_view kLagMetric = "rocketmq-lag";
inline constexpr std::string_view kLagSecondsMetric = "rocketmq-lag-seconds";

struct Metric {
  std::string name;  // a segment of a URL path: an HPA's metric.name
  Unit unit = Unit::messages;
  kube::RocketmqTriggerMetadata trigger;
  std::map<std::string, std::string> labels;  // what a metric selector chooses by: topic, consumerGroup, cluster
  std::set<std::string> namespaces;           // whose HPAs may read it; empty: all
  std::set<std::string> objects;              // "services/orders": described objects that it is served for; empty: any
};

struct Cluster {
  std::string name;
  std::map<std::string, std::string> metadata;  // of a trigger, without topic and group: nameServers, tls, mode, ...
  std::set<std::string> namespaces;             // whose HPAs may name its topics; empty: all
};

// Who may ask: the API server's aggregation layer, by its client certificate. It has authenticated the user and checked
// its rights before, and names it in a header. Rule: kube-apiserver --requestheader-*.
struct RequestHeader {
  std::string client_ca_file;           // PEM; empty: kube-system/extension-apiserver-authentication says all three
  std::set<std::string> allowed_names;  // common names; empty: any certificate of that authority
  std::vector<std::string> username_headers{"X-Remote-User"};
};

struct Config {
  std::string host = "0.0.0.0";
  std::uint16_t port = 6443;
  std::string certificate_file, key_file;  // PEM, followed when they change
  RequestHeader request_header;
  std::vector<Metric> metrics;
  std::vector<Cluster> clusters;
  bool watch_pods = true;       // false: metrics of pods are not served, and no right to list pods is needed
  std::string pod_namespace;    // whose pods are watched, for metrics of pods; empty: all
  std::string pod_selector;     // by labels: only these pods are watched, which keeps memory small in large clusters
  std::string default_cluster;  // of a selector that names none; empty: the only one, if there is one
};

}  // namespace gantry::metrics_api
