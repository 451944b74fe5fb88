// Which trigger a metric's name and selector mean, in one namespace: pure, so that every rule is a row of a table in a
// test. Two ways in: metrics of the configuration, by name, narrowed by the selector; and rocketmq-lag and
// rocketmq-lag-seconds of a configured cluster, whose selector names topic and group.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "metrics_api/config.h"

namespace gantry::metrics_api {

// What to read for an answer.
struct Query {
  Unit unit = Unit::messages;
  kube::RocketmqTriggerMetadata trigger;  // for seconds, lag_seconds_threshold is set: it asks for them
  std::map<std::string, std::string> labels;
};

class Catalog {
 public:
  // Errors: invalid_argument (two metrics that nothing tells apart, an unknown default cluster, a reserved name).
  static Result<Catalog> make(const Config& config);

  // object: "services/orders" for an Object metric, else empty. Never empty. Errors: not_found (no such metric for that
  // namespace and object, or the selector chooses none), invalid_argument (the selector; it names what cannot be).
  Result<std::vector<Query>> find(std::string_view namespace_, std::string_view metric, std::string_view selector,
                                  std::string_view object = {}) const;

  std::vector<std::string> names() const;  // sorted, for discovery

 private:
  Result<std::vector<Query>> find_named(std::string_view namespace_, std::string_view metric, std::string_view selector,
                                        std::string_view object) const;
  Result<Query> find_selected(std::string_view namespace_, Unit unit, std::string_view selector) const;

  std::vector<Metric> metrics_;
  std::vector<Cluster> clusters_;
  std::string default_cluster_;
};

}  // namespace gantry::metrics_api
