#include "up/state_json.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "triggers/trigger_value.h"

namespace gantry::up {
namespace {

namespace json = boost::json;

constexpr std::size_t kOutputLines = 20;

template <class T>
json::value nullable(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value rounded(std::optional<double> value) {
  return value ? json::value(std::round(*value * 10) / 10) : json::value(nullptr);
}

std::int64_t epoch_ms(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

json::object totals_of(const Show& show) {
  const Sample& last = show.last_sample();
  std::optional<std::int64_t> ready = 0;
  for (const auto& reading : show.groups()) {
    const auto part = reading ? reading->ready : std::nullopt;
    ready = ready && part ? std::optional(*ready + *part) : std::nullopt;
  }
  return {{"incoming", nullable(last.incoming)},
          {"sent", nullable(last.sent)},
          {"consumed", nullable(last.consumed)},
          {"lag", nullable(last.lag)},
          {"in_flight", nullable(last.in_flight)},
          {"ready", nullable(ready)},
          {"oldest_age_ms", nullable(last.oldest_age_ms)},
          {"replicas", last.replicas},
          {"incoming_rate", rounded(show.incoming_rate())},
          {"consume_rate", rounded(show.consume_rate())}};
}

// What is a normal state of a group is a note; the rest needs somebody.
bool is_note(std::string_view reason) {
  return reason.ends_with(lag::kNeverCommitted) || reason.ends_with(lag::kPopNotTold);
}

json::object group_of(const lag::LagQuery& query, const Result<lag::LagReading>& result, const std::string& problem) {
  lag::LagReading reading;
  if (result) {
    reading = *result;
  } else {
    reading.unknown.push_back(result.error().message);
  }
  json::array unknown, notes;
  for (const std::string& reason : reading.unknown) (is_note(reason) ? notes : unknown).emplace_back(reason);
  json::array queues;
  for (const lag::QueueReading& queue : reading.queues) {
    queues.push_back({{"broker", queue.broker},
                      {"queue_id", queue.queue_id},
                      {"broker_offset", nullable(queue.broker_offset)},
                      {"consumer_offset", nullable(queue.consumer_offset)},
                      {"lag", nullable(queue.lag)}});
  }
  return {{"topic", query.topic},
          {"group", query.group},
          {"lag", nullable(reading.lag)},
          {"in_flight", nullable(reading.in_flight)},
          {"ready", nullable(reading.ready)},
          {"oldest_age_ms", nullable(reading.oldest_age_ms)},
          {"retry", nullable(reading.retry)},
          {"dlq", nullable(reading.dead_letter)},
          {"consumers", nullable(reading.consumers)},
          {"queues", std::move(queues)},
          {"unknown", std::move(unknown)},
          {"notes", std::move(notes)},
          {"problem", problem}};
}

std::string metric_text(const kube::Trigger& trigger, const std::string& metric) {
  const auto queries = triggers::lag_queries(trigger);
  if (queries.empty()) return metric;
  std::string topics;
  for (const lag::LagQuery& query : queries) topics += (topics.empty() ? "" : ",") + query.topic;
  return fmt::format("{} of {}/{}", metric, topics, queries.front().group);
}

// read: the newest metrics, in the order of the specs; may be empty.
json::array triggers_of(const std::vector<kube::Trigger>& written, const std::vector<scaling::TriggerSpec>& specs,
                        const std::vector<scaling::ResolvedMetric>& read) {
  json::array triggers;
  std::size_t next = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const kube::Trigger& trigger = written[i];
    for (const scaling::MetricSpec& metric : specs[i].metrics) {
      const scaling::ResolvedMetric* now = next < read.size() ? &read[next] : nullptr;
      const bool counted = now != nullptr && !now->why_counted.empty();
      ++next;
      triggers.push_back({{"name", specs[i].name},
                          {"type", trigger.type},
                          {"metric", metric_text(trigger, metric.name)},
                          {"value", now != nullptr ? nullable(now->measured) : json::value(nullptr)},
                          {"counted_as", counted ? nullable(now->value) : json::value(nullptr)},
                          {"why_counted", counted ? now->why_counted : std::string()},
                          {"target", metric.target},
                          {"target_type", std::string(scaling::to_string(metric.target_type))},
                          {"error", now != nullptr ? now->error : std::string("not read yet")}});
    }
  }
  return triggers;
}

json::array lines_of(const scaling::Explanation& explanation) {
  json::array lines;
  for (const scaling::ExplanationLine& line : explanation.lines) {
    lines.push_back({{"key", std::string(scaling::to_string(line.topic))},
                     {"text", line.warning ? "warning: " + line.text : line.text}});
  }
  return lines;
}

json::object scaled_object_of(const autoscaler::ScaledObjectRunner& runner) {
  const kube::ScaledObject& object = runner.object();
  const scaling::ScaledObjectSpec& spec = runner.autoscaler().spec();
  const auto replicas = runner.replicas();
  const bool decided = runner.decided_at_ms().has_value();
  return {{"name", object.metadata.name},
          {"namespace", object.metadata.namespace_},
          {"target", fmt::format("{}/{}", object.scale_target_ref.kind, object.scale_target_ref.name)},
          {"min", spec.min_replica_count},
          {"max", spec.max_replica_count},
          {"current", replicas.existing},
          {"desired", decided ? json::value(replicas.desired) : json::value(nullptr)},
          {"paused", spec.pause.paused || spec.pause.paused_replicas.has_value()},
          {"active", nullable(runner.active())},
          {"triggers", triggers_of(object.triggers, spec.triggers, runner.autoscaler().metrics())},
          {"last_error", runner.last_error()},
          {"explanation", lines_of(runner.explain())},
          {"decided_at_ms", nullable(runner.decided_at_ms())}};
}

json::object scaled_job_of(const ScaledJob& scaled_job) {
  const autoscaler::ScaledJobRunner& runner = scaled_job.runner();
  const workload::JobSet& jobs = scaled_job.jobs();
  const std::optional<scaling::JobDecision>& decision = runner.decision();
  // a metric that is unknown leaves open whether it would have activated
  const bool told = decision && (decision->active || !decision->error);
  return {{"name", scaled_job.object().metadata.name},
          {"namespace", scaled_job.object().metadata.namespace_},
          {"strategy", std::string(scaling::to_string(runner.spec().strategy))},
          {"min", runner.spec().jobs_min()},
          {"max", runner.spec().jobs_min() + runner.spec().jobs_max_above_min()},
          {"running", jobs.running()},
          {"pending", jobs.pending()},
          {"succeeded", jobs.succeeded()},
          {"failed", jobs.failed()},
          {"paused", runner.spec().paused},
          {"active", told ? json::value(decision->active) : json::value(nullptr)},
          {"triggers", triggers_of(scaled_job.object().triggers, runner.spec().triggers,
                                   decision ? decision->metrics : std::vector<scaling::ResolvedMetric>())},
          {"last_error", runner.last_error()},
          {"last_failure", jobs.last_error()},
          {"explanation", lines_of(decision ? decision->explanation : scaling::Explanation())},
          {"decided_at_ms", nullable(runner.decided_at_ms())}};
}

json::value generator_of(const BurstGenerator* generator) {
  if (generator == nullptr) return nullptr;
  return {{"topic", generator->topic()},
          {"total", generator->total()},
          {"sent", generator->sent()},
          {"error", generator->last_error()}};
}

std::string_view page_state(workload::ReplicaState state) {
  switch (state) {
    case workload::ReplicaState::pending: return "starting";
    case workload::ReplicaState::running: return "running";
    case workload::ReplicaState::terminating: return "stopping";
    case workload::ReplicaState::failed: return "failed";
    case workload::ReplicaState::back_off: return "backoff";
  }
  return "failed";
}

json::object worker_of(const workload::Deployment& deployment, const workload::ReplicaStatus& replica) {
  json::array output;
  for (const workload::OutputLine& line : deployment.output(replica.name, kOutputLines)) output.emplace_back(line.text);
  const bool runs = replica.pid.has_value();
  std::string exit;
  if (replica.exit_signal) exit = fmt::format("signal {}", *replica.exit_signal);
  if (replica.exit_code) exit = fmt::format("exit code {}", *replica.exit_code);
  return {
      {"name", replica.name},
      {"deployment", deployment.name()},
      {"state", std::string(page_state(replica.state))},
      {"pid", runs ? json::value(*replica.pid) : json::value(nullptr)},
      {"restarts", replica.restarts},
      {"started_at_ms", runs && replica.started_at ? json::value(epoch_ms(*replica.started_at)) : json::value(nullptr)},
      {"exit", exit},
      {"error", workload::is_failing(replica) ? replica.last_error : ""},
      {"output", std::move(output)}};
}

std::string_view page_state(workload::JobState state) {
  switch (state) {
    case workload::JobState::pending: return "starting";
    case workload::JobState::running: return "running";
    case workload::JobState::terminating: return "stopping";
    case workload::JobState::complete: return "exited";
    case workload::JobState::failed: return "failed";
  }
  return "failed";
}

// One that is not finished; those that are show in the counts of their scaled job.
json::object worker_of(const workload::JobSet& jobs, const workload::JobStatus& job) {
  json::array output;
  for (const workload::OutputLine& line : jobs.output(job.name, kOutputLines)) output.emplace_back(line.text);
  const bool runs = job.pid.has_value();
  std::string exit;
  if (job.exit_signal) exit = fmt::format("signal {}", *job.exit_signal);
  if (job.exit_code) exit = fmt::format("exit code {}", *job.exit_code);
  const bool waits = job.state == workload::JobState::pending && job.failed > 0;
  return {{"name", job.name},
          {"deployment", jobs.name()},
          {"state", waits ? "backoff" : std::string(page_state(job.state))},
          {"pid", runs ? json::value(*job.pid) : json::value(nullptr)},
          {"restarts", job.failed},
          {"started_at_ms", runs && job.started_at ? json::value(epoch_ms(*job.started_at)) : json::value(nullptr)},
          {"exit", exit},
          {"error", waits ? job.last_error : ""},
          {"output", std::move(output)}};
}

}  // namespace

json::object state_json(const Show& show, const Program& program) {
  json::array groups, topics, objects, jobs, workers;
  for (std::size_t i = 0; i < show.groups().size(); ++i)
    groups.push_back(group_of(show.watched()[i], show.groups()[i], show.missing_consumers(i)));
  for (const TopicView& topic : show.topics()) {
    topics.push_back({{"topic", topic.topic},
                      {"queues", nullable(topic.queues)},
                      {"messages", nullable(topic.messages)},
                      {"rate", rounded(topic.rate)}});
  }
  for (const auto& runner : show.runners()) objects.push_back(scaled_object_of(*runner));
  for (const auto& deployment : show.deployments()) {
    for (const workload::ReplicaStatus& replica : deployment->replicas())
      workers.push_back(worker_of(*deployment, replica));
  }
  for (const auto& object : show.scaled_jobs()) {
    jobs.push_back(scaled_job_of(*object));
    for (const workload::JobStatus& job : object->jobs().jobs()) {
      if (!workload::is_finished(job.state)) workers.push_back(worker_of(object->jobs(), job));
    }
  }
  json::array name_servers;
  std::string_view list = show.plan().name_servers;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    name_servers.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {{"version", program.version},
          {"command", program.command},
          {"now_ms", autoscaler::now_ms()},
          {"mode", show.plan().embedded ? "embedded" : "cluster"},
          {"name_servers", std::move(name_servers)},
          {"uptime_s", std::round(show.uptime_s() * 10) / 10},
          {"phase", show.phase()},
          {"totals", totals_of(show)},
          {"generator", generator_of(show.generator())},
          {"groups", std::move(groups)},
          {"topics", std::move(topics)},
          {"scaled_objects", std::move(objects)},
          {"scaled_jobs", std::move(jobs)},
          {"workers", std::move(workers)},
          {"sample", to_json(show.last_sample())}};
}

json::object history_json(const Show& show) {
  json::array samples;
  for (const Sample& sample : show.history().samples()) samples.push_back(to_json(sample));
  return {{"samples", std::move(samples)}};
}

}  // namespace gantry::up
