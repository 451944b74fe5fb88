// The trigger metadata that our scaler understands, out of the string map that KEDA hands to an external scaler. The
// same function serves YAML on this machine and gRPC calls of a cluster, so both refuse the same things.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace gantry::kube {

enum class ConsumeMode { automatic, classic, pop };

// What a queue without a committed offset counts as: its whole backlog (earliest) or nothing (latest).
enum class OffsetResetPolicy { earliest, latest };

struct RocketmqTriggerMetadata {
  std::string scaler_address;
  std::vector<std::string> name_servers;  // "host:port", in the order given
  std::vector<std::string> topics;        // at least one, from topic or topics
  std::string consumer_group;
  std::string rocketmq_namespace;             // empty: none
  std::int64_t lag_threshold = 10;            // messages a replica, as KEDA's Kafka scaler has it
  std::int64_t activation_lag_threshold = 0;  // active when the lag is strictly greater
  std::optional<std::int64_t> lag_seconds_threshold;
  ConsumeMode mode = ConsumeMode::automatic;
  bool include_retry = true;  // messages that wait for a retry need a consumer too
  // Those that a consumer has and has not acknowledged; false: for jobs that are counted beside them ("accurate").
  bool include_in_flight = true;
  bool include_delayed = false;
  OffsetResetPolicy offset_reset_policy = OffsetResetPolicy::earliest;  // else a new group never wakes from zero
  bool allow_idle_consumers = false;  // false: no more replicas than queues, for classic consumers
  bool limit_to_queues_with_lag = false;
  bool exclude_persistent_lag = false;
  bool scale_to_zero_on_invalid_offset = false;
  bool ensure_even_distribution_of_queues = false;
  bool tls = false;
  bool acl = false;         // authMode: acl
  std::string credentials;  // name of credentials in the scaler's own configuration
  // Of the object that the trigger is of; no option: who is asked knows it. nullopt: its own configuration.
  std::optional<std::string> object_namespace;
  std::string access_key, secret_key;  // from …FromEnv only: they do not belong into a manifest
  // Options given as nameFromEnv whose variable is not resolved yet: option -> variable.
  std::map<std::string, std::string> from_env;
};

struct MetadataProblem {
  std::string key;      // the option; empty when it is about none in particular
  std::string message;  // "expected a positive integer, got \"5x\""
};

enum class FromEnv {
  names,     // a manifest: `xFromEnv` holds the name of a variable
  resolved,  // KEDA has replaced the name by the value, and kept the key
};

// Reports all problems, not only the first. The text of secretKey never appears in one.
std::expected<RocketmqTriggerMetadata, std::vector<MetadataProblem>> parse_rocketmq_trigger(
    const std::map<std::string, std::string>& metadata, FromEnv from_env = FromEnv::resolved);

// What KEDA does before it calls a scaler: the values of `xFromEnv` keys become those of the scale target's variables;
// keys whose variable does not exist are dropped.
std::map<std::string, std::string> resolve_from_env(std::map<std::string, std::string> metadata,
                                                    const std::map<std::string, std::string>& environment);

// Whether `scalerAddress` names our scaler: the host's first label is "gantry-scaler" (its Service's default name) or
// "gantry". Such triggers are run in-process on this machine.
bool is_our_scaler(std::string_view scaler_address);

}  // namespace gantry::kube
