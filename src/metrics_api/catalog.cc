#include "metrics_api/catalog.h"

#include <algorithm>
#include <set>

#include "kube/scalar.h"
#include "kube/selector.h"
#include "metrics_api/metric_trigger.h"

namespace gantry::metrics_api {
namespace {

using kube::LabelRequirement;

bool may_read(const std::set<std::string>& namespaces, std::string_view namespace_) {
  return namespaces.empty() || namespaces.contains(std::string(namespace_));
}

// A metric selector of values, as HPAs have it: key=value, each key once.
Result<std::map<std::string, std::string>> values_of(std::string_view text) {
  auto selector = kube::parse_label_selector(text);
  if (!selector) return std::unexpected(in_context("the metric's selector", selector.error()));
  std::map<std::string, std::string> values;
  for (const LabelRequirement& requirement : selector->requirements) {
    if (requirement.op != LabelRequirement::Operator::in || requirement.values.size() != 1) {
      return fail(Errc::invalid_argument,
                  "the metric's selector: expected {}=VALUE, because one topic and group are read, got \"{}\"",
                  requirement.key, kube::shortened(text));
    }
    if (!values.emplace(requirement.key, requirement.values.front()).second) {
      return fail(Errc::invalid_argument, "the metric's selector: expected {} once, got it twice", requirement.key);
    }
  }
  return values;
}

void ask_for(Query& query) {
  if (query.unit == Unit::seconds && !query.trigger.lag_seconds_threshold) query.trigger.lag_seconds_threshold = 1;
}

}  // namespace

Result<Catalog> Catalog::make(const Config& config) {
  Catalog catalog;
  catalog.metrics_ = config.metrics;
  catalog.clusters_ = config.clusters;
  catalog.default_cluster_ = config.default_cluster;
  if (catalog.default_cluster_.empty() && config.clusters.size() == 1) {
    catalog.default_cluster_ = config.clusters.front().name;
  }
  std::set<std::pair<std::string, std::map<std::string, std::string>>> known;
  for (const Metric& metric : config.metrics) {
    if (metric.name == kLagMetric || metric.name == kLagSecondsMetric) {
      return fail(Errc::invalid_argument, "metric {}: expected another name, because this one is of all clusters",
                  metric.name);
    }
    if (!known.emplace(metric.name, metric.labels).second) {
      return fail(Errc::invalid_argument,
                  "metric {}: expected another name or another topic, group or cluster, "
                  "got the same metric twice",
                  metric.name);
    }
  }
  const auto is_default = [&](const Cluster& c) { return c.name == catalog.default_cluster_; };
  if (!catalog.default_cluster_.empty() && std::ranges::none_of(config.clusters, is_default)) {
    return fail(Errc::invalid_argument, "the default cluster {} is not among the clusters", catalog.default_cluster_);
  }
  return catalog;
}

std::vector<std::string> Catalog::names() const {
  std::set<std::string> names;
  for (const Metric& metric : metrics_) names.insert(metric.name);
  if (!clusters_.empty()) {
    names.emplace(kLagMetric);
    names.emplace(kLagSecondsMetric);
  }
  return {names.begin(), names.end()};
}

Result<std::vector<Query>> Catalog::find(std::string_view namespace_, std::string_view metric,
                                         std::string_view selector, std::string_view object) const {
  if (metric != kLagMetric && metric != kLagSecondsMetric) return find_named(namespace_, metric, selector, object);
  auto query = find_selected(namespace_, metric == kLagMetric ? Unit::messages : Unit::seconds, selector);
  if (!query) return std::unexpected(query.error());
  return std::vector<Query>{std::move(*query)};
}

Result<std::vector<Query>> Catalog::find_named(std::string_view namespace_, std::string_view metric,
                                               std::string_view selector_text, std::string_view object) const {
  auto selector = kube::parse_label_selector(selector_text);
  if (!selector) return std::unexpected(in_context("the metric's selector", selector.error()));
  bool named = false;
  std::vector<Query> found;
  for (const Metric& candidate : metrics_) {
    if (candidate.name != metric || !may_read(candidate.namespaces, namespace_)) continue;
    if (!object.empty() && !candidate.objects.empty() && !candidate.objects.contains(std::string(object))) continue;
    named = true;
    if (!selector->matches(candidate.labels)) continue;
    Query query{candidate.unit, candidate.trigger, candidate.labels};
    ask_for(query);
    found.push_back(std::move(query));
  }
  if (!named) {
    return fail(Errc::not_found, "there is no metric {} for namespace {}{}{}", metric, namespace_,
                object.empty() ? "" : " and object ", object);
  }
  if (found.empty()) {
    return fail(Errc::not_found, "no metric {} has the labels that the selector {} asks for", metric,
                kube::quoted(selector_text));
  }
  return found;
}

Result<Query> Catalog::find_selected(std::string_view namespace_, Unit unit, std::string_view selector) const {
  auto values = values_of(selector);
  if (!values) return std::unexpected(values.error());
  const std::string cluster_name = values->contains("cluster") ? values->at("cluster") : default_cluster_;
  if (clusters_.empty()) return fail(Errc::not_found, "no cluster is configured: metrics are served by name only");
  if (cluster_name.empty()) {
    return fail(Errc::invalid_argument,
                "the metric's selector: expected cluster=NAME, because {} are configured and none is the default",
                clusters_.size());
  }
  const auto cluster = std::ranges::find(clusters_, cluster_name, &Cluster::name);
  if (cluster == clusters_.end() || !may_read(cluster->namespaces, namespace_)) {
    return fail(Errc::not_found, "there is no cluster {} for namespace {}", cluster_name, namespace_);
  }
  std::map<std::string, std::string> metadata = cluster->metadata;
  for (const auto& [key, value] : *values) {
    if (key == "cluster") continue;
    if (key != "topic" && key != "consumerGroup") {
      return fail(Errc::invalid_argument,
                  "the metric's selector: expected topic, consumerGroup and cluster only, got {}", kube::quoted(key));
    }
    metadata[key] = value;
  }
  for (const char* key : {"topic", "consumerGroup"}) {
    if (!values->contains(key)) {
      return fail(Errc::invalid_argument, "the metric's selector: expected {}=VALUE, got nothing", key);
    }
  }
  auto trigger = parse_metric_trigger(metadata);
  if (!trigger) {
    const kube::MetadataProblem& problem = trigger.error().front();
    return fail(Errc::invalid_argument, "{}: {}", problem.key, problem.message);
  }
  Query query{unit, std::move(*trigger), std::move(*values)};
  query.labels.emplace("cluster", cluster_name);
  ask_for(query);
  return query;
}

}  // namespace gantry::metrics_api
