#include "kube/scaled_job.h"

#include <charconv>
#include <cmath>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

// The Job controller gives up Jobs that want more at a time.
constexpr std::int32_t kParallelismMax = 100'000;

// Go's ParseFloat, by which KEDA reads it; what it cannot read, KEDA silently takes for another strategy.
Reader<JobScalingStrategy> running_job_percentage() {
  return [read = text()](Reading& reading, const Node& node, JobScalingStrategy& out) {
    std::string written;
    read(reading, node, written);
    if (written.empty()) return;
    double value = 0;
    const char* end = written.data() + written.size();
    const auto parsed = std::from_chars(written.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(value))
      return reading.problem(node.line, fmt::format("expected a factor such as \"0.5\", got {}", quoted(written)));
    out.custom_running_job_percentage = value;
  };
}

// A field whose only value that can be served is known.
template <class T>
Schema<T>& only(Schema<T>& schema, std::string_view name, std::string_view value) {
  schema.optional_check(name, [name, value](Reading& reading, const Node& node) {
    if (node.kind == Node::Kind::scalar && node.text == value) return;
    reading.problem(node.line,
                    fmt::format("expected {}, because nothing else is supported here, got {}", value, describe(node)));
  });
  return schema;
}

// A Job's pods end; KEDA writes OnFailure where nothing is written. On one machine both mean: started again.
void check_restart_policy(Reading& reading, const Node& node, JobTemplate&) {
  const Node* found = node.find("template");
  for (std::string_view key : {"spec", "restartPolicy"}) {
    if (found != nullptr) found = found->find(key);
  }
  if (found == nullptr || found->text == "Never" || found->text == "OnFailure") return;
  Reading::Scope pods(reading, "template");
  Reading::Scope spec(reading, "spec");
  Reading::Scope field(reading, "restartPolicy");
  reading.expected(*found, "Never or OnFailure");
}

const Schema<JobTemplate>& job_template_schema() {
  static const Schema<JobTemplate> schema = [] {
    Schema<JobTemplate> table;
    table.optional("parallelism", &JobTemplate::parallelism, integer(1, kParallelismMax))
        .optional("completions", &JobTemplate::completions, integer(1))
        .optional("activeDeadlineSeconds", &JobTemplate::active_deadline_s, integer(1))
        .optional("backoffLimit", &JobTemplate::backoff_limit, integer(0))
        .required("template", &JobTemplate::pod, pod_template_schema().reader())
        .refused("podFailurePolicy")
        .refused("successPolicy")
        .refused("backoffLimitPerIndex")
        .refused("maxFailedIndexes")
        .ignored({"ttlSecondsAfterFinished", "manualSelector", "selector", "podReplacementPolicy", "managedBy"});
    only(table, "completionMode", "NonIndexed");
    only(table, "suspend", "false");
    table.rule(check_restart_policy);
    return table;
  }();
  return schema;
}

const Schema<JobScalingStrategy>& strategy_schema() {
  static const Schema<JobScalingStrategy> schema =
      Schema<JobScalingStrategy>()
          .optional("strategy", &JobScalingStrategy::strategy, one_of({"default", "custom", "accurate", "eager"}))
          .optional("customScalingQueueLengthDeduction", &JobScalingStrategy::custom_queue_length_deduction,
                    integer(std::numeric_limits<std::int32_t>::min()))
          .optional_as("customScalingRunningJobPercentage", running_job_percentage())
          .optional("multipleScalersCalculation", &JobScalingStrategy::multiple_scalers_calculation,
                    one_of({"max", "min", "avg", "sum"}))
          .ignored({"pendingPodConditions"});
  return schema;
}

struct Rollout {
  std::string strategy;
  std::string propagation_policy;
};

// What a change of the object does to jobs that run: on one machine the files do not change while they are used.
Reader<std::string> rollout_strategy() { return one_of({"gradual", "immediate"}); }

void check_rollout(Reading& reading, const Node& node) {
  static const Schema<Rollout> schema =
      Schema<Rollout>()
          .optional("strategy", &Rollout::strategy, rollout_strategy())
          .optional("propagationPolicy", &Rollout::propagation_policy, one_of({"foreground", "background"}));
  Rollout unused;
  schema.read(reading, node, unused);
}

void check_rollout_strategy(Reading& reading, const Node& node) {
  std::string unused;
  rollout_strategy()(reading, node, unused);
}

// What KEDA's controller refuses or passes over in the triggers of a ScaledJob.
void check_job_triggers(Reading& reading, const Node& node, ScaledJob& out) {
  check_trigger_names(reading, out.triggers);
  const Node* list = node.find("triggers");
  Reading::Scope scope(reading, "triggers");
  for (std::size_t i = 0; i < out.triggers.size(); ++i) {
    const Trigger& trigger = out.triggers[i];
    Reading::Scope item(reading, i);
    if (trigger.metric_type) {
      Reading::Scope field(reading, "metricType");
      reading.problem(line_of(list->items[i], {"metricType"}), "expected nothing, because a ScaledJob has no HPA");
    }
    if (trigger.use_cached_metrics) reading.ignore("useCachedMetrics");
    if (trigger.type == "external-push")
      reading.ignore_entry("the push of trigger type external-push, which KEDA polls for ScaledJobs: say external");
  }
}

const Schema<ScaledJob>& scaled_job_spec_schema() {
  static const Schema<ScaledJob> schema =
      Schema<ScaledJob>()
          .required("jobTargetRef", &ScaledJob::job, job_template_schema().reader())
          .optional("pollingInterval", &ScaledJob::polling_interval_s, integer(1))
          .optional("successfulJobsHistoryLimit", &ScaledJob::successful_jobs_history_limit, integer(0))
          .optional("failedJobsHistoryLimit", &ScaledJob::failed_jobs_history_limit, integer(0))
          .optional("minReplicaCount", &ScaledJob::min_replica_count, integer(0))
          .optional("maxReplicaCount", &ScaledJob::max_replica_count, integer(1))
          .optional("scalingStrategy", &ScaledJob::strategy, strategy_schema().reader())
          .required("triggers", &ScaledJob::triggers, list_of(trigger_schema().reader(), 1))
          .optional_check("rolloutStrategy", check_rollout_strategy)
          .optional_check("rollout", check_rollout)
          .ignored({"envSourceContainerName"})
          .rule(check_job_triggers);
  return schema;
}

}  // namespace

const Schema<ScaledJob>& scaled_job_schema() {
  static const Schema<ScaledJob> schema =
      Schema<ScaledJob>()
          .required("metadata", &ScaledJob::metadata, object_meta_schema().reader())
          .part("spec", scaled_job_spec_schema())
          .read_before({"apiVersion", "kind"})
          .ignored({"status"})
          .rule([](Reading& reading, const Node& node, ScaledJob& out) {
            out.paused = keda_annotation_flag(out.metadata.annotations, "paused");
            read_gantry_annotations_of_scaled_job(reading, node, out.gantry, out.job.pod);
            settle_main_container(reading, node, out.metadata, {"spec", "jobTargetRef", "template"}, out.job.pod);
          });
  return schema;
}

}  // namespace gantry::kube
