#include "metrics_api/settings.h"

#include <algorithm>

#include "kube/selector.h"
#include "metrics_api/metric_trigger.h"

namespace gantry::metrics_api {
namespace {

using kube::line_of;
using kube::Node;
using kube::Reading;

// `node`: the metric or cluster whose metadata it is.
void tell(Reading& reading, const Node& node, const std::vector<kube::MetadataProblem>& problems) {
  for (const kube::MetadataProblem& problem : problems) {
    Reading::Scope scope(reading, problem.key);
    reading.problem(line_of(node, {"metadata", problem.key}), problem.message);
  }
}

// A metric as it is written: its trigger is known when the clusters are.
struct WrittenMetric {
  Metric metric;
  std::string cluster;
  std::map<std::string, std::string> metadata;
  const Node* node = nullptr;
};

struct Written {
  Config config;
  std::vector<WrittenMetric> metrics;
};

bool is_metric_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                      c == '-' || c == '_' || c == '.' || c == ':';
                             }) &&
         name != "." && name != "..";
}

void read_metric_name(Reading& reading, const Node& node, std::string& out) {
  if (node.kind != Node::Kind::scalar || !is_metric_name(node.text)) {
    return reading.expected(node, "a metric's name (letters, digits, '-', '_', '.' and ':')");
  }
  out = node.text;
}

void read_selector(Reading& reading, const Node& node, std::string& out) {
  if (node.kind != Node::Kind::scalar || !kube::parse_label_selector(node.text)) {
    return reading.expected(node, "a label selector such as app=orders,tier in (a,b)");
  }
  out = node.text;
}

const kube::Schema<Cluster>& cluster_schema() {
  static const kube::Schema<Cluster> schema =
      kube::Schema<Cluster>()
          .required("name", &Cluster::name, kube::dns_subdomain())
          .required("metadata", &Cluster::metadata, kube::string_map())
          .optional("namespaces", &Cluster::namespaces, kube::set_of(kube::dns_label()));
  return schema;
}

const kube::Schema<RequestHeader>& request_header_schema() {
  static const kube::Schema<RequestHeader> schema =
      kube::Schema<RequestHeader>()
          .required("clientCa", &RequestHeader::client_ca_file, kube::word())
          .optional("allowedNames", &RequestHeader::allowed_names, kube::set_of(kube::word()))
          .optional("usernameHeaders", &RequestHeader::username_headers, kube::list_of(kube::word(), 1));
  return schema;
}

const kube::Schema<Metric>& plain_metric_schema() {
  static const kube::Schema<Metric> schema =
      kube::Schema<Metric>()
          .required("name", &Metric::name, kube::Reader<std::string>(read_metric_name))
          .optional("unit", &Metric::unit,
                    kube::choice<Unit>({{"messages", Unit::messages}, {"seconds", Unit::seconds}}))
          .optional("namespaces", &Metric::namespaces, kube::set_of(kube::dns_label()))
          .optional("objects", &Metric::objects, kube::set_of(kube::word()))
          .read_before({"cluster", "metadata"});
  return schema;
}

const kube::Schema<WrittenMetric>& own_metric_schema() {
  static const kube::Schema<WrittenMetric> schema =
      kube::Schema<WrittenMetric>()
          .optional("cluster", &WrittenMetric::cluster, kube::word())
          .required("metadata", &WrittenMetric::metadata, kube::string_map())
          .read_before({"name", "unit", "namespaces", "objects"});
  return schema;
}

void read_metric(Reading& reading, const Node& node, WrittenMetric& out) {
  out.node = &node;
  plain_metric_schema().read(reading, node, out.metric);
  if (node.kind == Node::Kind::mapping) own_metric_schema().read(reading, node, out);
}

// What is wrong with a cluster is wrong with each of its topics: it is said at the start, and not to the first HPA.
void check(Reading& reading, const Node& node, const Cluster& cluster) {
  Reading::Scope in_metadata(reading, "metadata");
  std::map<std::string, std::string> metadata = cluster.metadata;
  for (const char* key : {"topic", "topics", "consumerGroup"}) {
    if (!metadata.contains(key)) continue;
    Reading::Scope scope(reading, key);
    reading.problem(line_of(node, {"metadata", key}), "expected it in a metric or in an HPA's selector, got it here");
    metadata.erase(key);
  }
  metadata["topic"] = metadata["consumerGroup"] = "any";
  const auto trigger = kube::parse_rocketmq_trigger(metadata);
  if (!trigger) tell(reading, node, trigger.error());
}

// What the metric says wins over what its cluster says.
void complete(Reading& reading, WrittenMetric& written, const std::vector<Cluster>& clusters) {
  const Node& node = *written.node;
  if (!written.cluster.empty()) {
    const auto cluster = std::ranges::find(clusters, written.cluster, &Cluster::name);
    if (cluster == clusters.end()) {
      Reading::Scope scope(reading, "cluster");
      return reading.problem(line_of(node, {"cluster"}),
                             "expected the name of one of the clusters, got \"" + written.cluster + "\"");
    }
    for (const auto& [key, value] : cluster->metadata) written.metadata.emplace(key, value);
    written.metric.labels["cluster"] = written.cluster;
  }
  auto trigger = parse_metric_trigger(written.metadata);
  if (!trigger) {
    Reading::Scope scope(reading, "metadata");
    return tell(reading, node, trigger.error());
  }
  written.metric.trigger = std::move(*trigger);
  written.metric.labels["topic"] = fmt::format("{}", fmt::join(written.metric.trigger.topics, "_"));
  written.metric.labels["consumerGroup"] = written.metric.trigger.consumer_group;
}

// Its fields are members of the whole.
const kube::Schema<Config>& tls_schema() {
  static const kube::Schema<Config> schema = kube::Schema<Config>()
                                                 .required("certificate", &Config::certificate_file, kube::word())
                                                 .required("key", &Config::key_file, kube::word());
  return schema;
}

const kube::Schema<Written>& written_schema() {
  static const kube::Schema<Config> plain =
      kube::Schema<Config>()
          .part("tls", tls_schema())
          .optional("requestHeader", &Config::request_header, request_header_schema().reader())
          .optional("clusters", &Config::clusters, kube::list_of(cluster_schema().reader()))
          .optional("defaultCluster", &Config::default_cluster, kube::word())
          .optional("watchPods", &Config::watch_pods, kube::boolean())
          .optional("podNamespace", &Config::pod_namespace, kube::dns_label())
          .optional("podSelector", &Config::pod_selector, kube::Reader<std::string>(read_selector))
          .read_before({"metrics"});
  static const kube::Schema<Written> schema =
      kube::Schema<Written>()
          .optional("metrics", &Written::metrics, kube::list_of(kube::Reader<WrittenMetric>(read_metric)))
          .read_before(
              {"tls", "requestHeader", "clusters", "defaultCluster", "watchPods", "podNamespace", "podSelector"})
          .rule([](Reading& reading, const Node& node, Written& out) {
            plain.read(reading, node, out.config);
            if (const Node* clusters = node.find("clusters")) {
              Reading::Scope in_clusters(reading, "clusters");
              for (std::size_t i = 0; i < std::min(clusters->items.size(), out.config.clusters.size()); ++i) {
                Reading::Scope item(reading, i);
                if (clusters->items[i].find("metadata") != nullptr)
                  check(reading, clusters->items[i], out.config.clusters[i]);
              }
            }
            Reading::Scope scope(reading, "metrics");
            for (std::size_t i = 0; i < out.metrics.size(); ++i) {
              Reading::Scope item(reading, i);
              if (out.metrics[i].node->kind == Node::Kind::mapping) {
                complete(reading, out.metrics[i], out.config.clusters);
              }
              out.config.metrics.push_back(std::move(out.metrics[i].metric));
            }
          });
  return schema;
}

}  // namespace

kube::Reader<Config> config_reader() {
  return [](Reading& reading, const Node& node, Config& out) {
    Written written;
    written.config = out;
    written_schema().read(reading, node, written);
    out = std::move(written.config);
  };
}

Result<Config> read_config(std::string_view text, std::string_view file) {
  auto documents = kube::read_documents(text, file);
  Reading reading(file);
  Config config;
  if (documents.problems.empty()) {
    if (documents.documents.size() != 1) {
      return fail(Errc::invalid_argument, "{}: expected one document, got {}", file, documents.documents.size());
    }
    config_reader()(reading, documents.documents.front(), config);
  }
  std::vector<kube::Problem> problems = std::move(documents.problems);
  problems.insert(problems.end(), reading.problems().begin(), reading.problems().end());
  if (!problems.empty()) return std::unexpected(kube::to_error(problems));
  return config;
}

}  // namespace gantry::metrics_api
