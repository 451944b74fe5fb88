#include "up/show.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>

#include "lag/rocketmq_lag.h"
#include "net/spawn.h"
#include "rocketmq/gather.h"
#include "triggers/marked_lag.h"
#include "triggers/trigger_value.h"
#include "up/problems.h"

namespace gantry::up {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::milliseconds kLagMaxAge{250};  // below every sampling and push interval
// Three samples: they come a second apart, a little sooner or later. As on the page.
constexpr double kRateWindowS = 2.5;
constexpr std::int32_t kTopicQueues = 8;
constexpr std::chrono::milliseconds kCreateAgain{500};
constexpr int kCreateAttempts = 20;

// The first text about something of that kind; empty: there is none.
std::string first_about(std::string_view kind, const std::vector<Problem>& problems) {
  const auto found = std::ranges::find_if(problems, [&](const Problem& each) { return each.about.starts_with(kind); });
  return found == problems.end() ? "" : found->text;
}

std::string failing_workers_among(const std::vector<Problem>& problems) {
  std::string text = first_about("deployment", problems);
  return text.empty() ? first_about("jobs of", problems) : text;
}

// Adds a part to a sum that is unknown as soon as a part is.
void add(std::optional<std::int64_t>& sum, std::optional<std::int64_t> part) {
  sum = sum && part ? std::optional(*sum + *part) : std::nullopt;
}

// Of a Deployment or a JobSet.
template <class Workers>
awaitable<bool> stopped(Workers& workers, std::chrono::milliseconds grace) {
  co_await workers.stop(grace);
  co_return true;
}

}  // namespace

Show::Show(boost::asio::io_context& io, Plan plan, std::shared_ptr<rocketmq::Cluster> cluster)
    : io_(io),
      plan_(std::move(plan)),
      cluster_(std::move(cluster)),
      admin_(cluster_),
      lag_(io, std::make_shared<triggers::MarkedLag>(std::make_shared<lag::RocketmqLag>(cluster_)), kLagMaxAge),
      consumption_(plan_.new_broker),
      wakeup_(io) {}

Result<std::unique_ptr<Show>> Show::create(boost::asio::io_context& io, Plan plan,
                                           std::shared_ptr<rocketmq::Cluster> cluster) {
  std::unique_ptr<Show> show(new Show(io, std::move(plan), std::move(cluster)));
  if (show->plan_.generator) {
    // keys of this run only: an existing cluster may hold those of an earlier one
    const std::string prefix = fmt::format("{}-{}-", show->plan_.generator->topic, autoscaler::now_ms());
    show->tally_ = std::make_shared<DeliveryTally>(prefix, show->plan_.generator->messages);
    show->witness_.emplace(show->tally_);
    show->generator_ = std::make_shared<BurstGenerator>(show->cluster_, *show->plan_.generator, show->tally_);
  }
  if (auto made = show->make_deployments(); !made) return std::unexpected(made.error());
  show->make_runners();
  if (auto made = show->make_scaled_jobs(); !made) return std::unexpected(made.error());
  return show;
}

Result<void> Show::make_deployments() {
  for (const kube::Deployment& deployment : plan_.manifest->deployments) {
    workload::DeploymentOptions options;
    options.environment = plan_.worker_environment;
    groups_of_deployments_.push_back(consumer_group_of(*plan_.manifest, deployment));
    if (witness_) witness_->watch(groups_of_deployments_.back(), deployment.pod, options);
    auto made = workload::Deployment::create(io_, plan_.manifest, deployment, std::move(options));
    if (!made) return std::unexpected(made.error());
    deployments_.push_back(std::move(*made));
  }
  return {};
}

autoscaler::ScaleTarget Show::target_of(workload::Deployment* deployment) {
  autoscaler::ScaleTarget target;
  target.replicas = [deployment] {
    return autoscaler::ScaleTarget::Replicas{deployment->desired(), deployment->current(), deployment->ready()};
  };
  target.scale = [deployment](std::int32_t count) {
    if (auto done = deployment->set_replicas(count); !done)
      spdlog::error("{}: {}", deployment->name(), done.error().message);
  };
  return target;
}

void Show::make_runners() {
  for (std::size_t i = 0; i < plan_.manifest->scaled_objects.size(); ++i) {
    const kube::ScaledObject& object = plan_.manifest->scaled_objects[i];
    auto deployment = std::ranges::find_if(deployments_, [&](const auto& d) {
      return d->name() == object.scale_target_ref.name && d->namespace_() == object.metadata.namespace_;
    });
    if (deployment == deployments_.end()) continue;  // refused by the manifest's own checks
    runners_.push_back(std::make_shared<autoscaler::ScaledObjectRunner>(
        io_, object, plan_.specs[i], target_of(deployment->get()),
        [this](const kube::Trigger& trigger) { return read_trigger(trigger); }));
    watch(object.triggers);
  }
}

Result<void> Show::make_scaled_jobs() {
  for (std::size_t i = 0; i < plan_.manifest->scaled_jobs.size(); ++i) {
    const kube::ScaledJob& object = plan_.manifest->scaled_jobs[i];
    auto made = ScaledJob::create(
        io_, plan_.manifest, object, plan_.job_specs[i], plan_.worker_environment,
        [this](const kube::Trigger& trigger) { return read_trigger(trigger); }, witness_ ? &*witness_ : nullptr);
    if (!made) return std::unexpected(made.error());
    scaled_jobs_.push_back(std::move(*made));
    watch(object.triggers);
  }
  return {};
}

void Show::watch(const std::vector<kube::Trigger>& read) {
  for (const kube::Trigger& trigger : read) {
    for (const lag::LagQuery& query : triggers::lag_queries(trigger)) {
      const bool known = std::ranges::any_of(
          watched_, [&](const auto& w) { return w.topic == query.topic && w.group == query.group; });
      if (!known) watched_.push_back(query);
    }
  }
}

awaitable<scaling::TriggerReading> Show::read_trigger(const kube::Trigger& trigger) {
  if (!trigger.rocketmq) {
    scaling::TriggerReading reading;
    reading.error = fmt::format("{}: triggers of this type, or of another scaler, cannot be read here", trigger.type);
    co_return reading;
  }
  std::vector<Result<lag::LagReading>> readings;
  for (const lag::LagQuery& query : triggers::lag_queries(trigger)) readings.push_back(co_await lag_.read(query));
  co_return triggers::trigger_value(*trigger.rocketmq, readings);
}

void Show::start() { net::spawn(io_, "the loop of gantry up", run()); }

awaitable<void> Show::run() {
  if (plan_.embedded) co_await create_topics();
  if (stopped_) co_return;
  for (std::size_t i = 0; i < deployments_.size(); ++i) {
    (void)deployments_[i]->set_replicas(plan_.manifest->deployments[i].replicas);
  }
  for (auto& runner : runners_) runner->start();
  for (auto& object : scaled_jobs_) object->runner().start();
  if (generator_) generator_->start();
  while (!stopped_) {
    const auto next = std::chrono::steady_clock::now() + kSampleInterval;
    co_await sample();
    if (stopped_) co_return;
    co_await wakeup_.wait(
        std::chrono::duration_cast<std::chrono::milliseconds>(next - std::chrono::steady_clock::now()));
  }
}

// An empty broker has no topics: without this the first reading would be an error until the first message.
awaitable<void> Show::create_topics() {
  for (const lag::LagQuery& query : watched_) {
    wire::TopicConfig topic;
    topic.topic_name = query.topic;
    topic.read_queue_nums = kTopicQueues;
    topic.write_queue_nums = kTopicQueues;
    for (int attempt = 0; attempt < kCreateAttempts && !stopped_; ++attempt) {
      auto known = co_await cluster_->route(query.topic, rocketmq::Freshness::now);
      if (known) break;
      auto created = co_await admin_.create_topic(topic);
      if (created) break;
      spdlog::warn("topic {} cannot be created yet: {}", query.topic, created.error().message);
      co_await wakeup_.wait(kCreateAgain);
    }
  }
}

awaitable<void> Show::stop(std::chrono::milliseconds grace) {
  stopped_ = true;
  wakeup_.notify();
  if (generator_) generator_->stop();
  for (auto& runner : runners_) runner->stop();
  for (auto& object : scaled_jobs_) object->runner().stop();
  std::vector<awaitable<bool>> ends;  // of all at the same time: the grace is there once
  for (auto& deployment : deployments_) ends.push_back(stopped(*deployment, grace));
  for (auto& object : scaled_jobs_) ends.push_back(stopped(object->jobs(), grace));
  co_await rocketmq::gather(io_, std::move(ends));
  cluster_->stop();
}

awaitable<void> Show::sample() {
  Sample sample;
  const bool sent_all = generator_ && generator_->complete();  // before the reading: what it finds is after the burst
  std::vector<Result<lag::LagReading>> groups;
  for (const lag::LagQuery& query : watched_) groups.push_back(co_await lag_.read(query));
  groups_ = std::move(groups);
  sample.lag = sample.in_flight = sample.oldest_age_ms = sample.retry = 0;
  for (const auto& reading : groups_) {
    add(sample.lag, reading ? reading->lag : std::nullopt);
    add(sample.in_flight, reading ? reading->in_flight : std::nullopt);
    add(sample.retry, reading ? reading->retry : std::nullopt);
    const auto age = reading ? reading->oldest_age_ms : std::nullopt;
    sample.oldest_age_ms =
        sample.oldest_age_ms && age ? std::optional(std::max(*sample.oldest_age_ms, *age)) : std::nullopt;
  }
  if (witness_) count_consumers();
  look_for_progress();
  sample.t_s = std::round(uptime_s() * 10) / 10;
  co_await read_topics(sample.t_s);
  std::int32_t existing = 0;
  for (const auto& deployment : deployments_) {
    sample.replicas += deployment->ready();
    existing += deployment->current();
  }
  std::int32_t most = sample.replicas;
  for (const auto& object : scaled_jobs_) {
    most += static_cast<std::int32_t>(object->jobs().take_most_processes());
    sample.replicas += static_cast<std::int32_t>(object->jobs().processes());
    existing += static_cast<std::int32_t>(object->jobs().running());
  }
  replicas_at_work_ = existing > plan_.replicas_at_rest;
  failing_workers_ = failing_workers_among(problems_of(*this));
  if (generator_) sample.sent = generator_->sent();
  sample.incoming = incoming_since_start();
  sample.consumed = consumption_.update(watched_, groups_);
  burst_over_ |= burst_consumed_ && sample.lag.value_or(0) > 0;
  burst_consumed_ |= sent_all && sample.lag == 0 && sample.retry.value_or(0) == 0;
  last_ = sample;
  history_.add(sample);
  history_.saw_replicas(most);
  if (on_sample) on_sample();
}

void Show::count_consumers() {
  for (const auto& [group, consumers] : consumers_by_group(watched_, groups_)) {
    std::int64_t processes = 0;
    for (std::size_t d = 0; d < deployments_.size(); ++d) {
      if (groups_of_deployments_[d] == group)
        processes += static_cast<std::int64_t>(deployments_[d]->replicas().size());
    }
    for (const auto& object : scaled_jobs_) {
      if (object->group() == group) processes += object->jobs().running();
    }
    witness_->count(group, processes, consumers);
  }
}

awaitable<void> Show::read_topics(double now_s) {
  std::vector<TopicView> views;
  std::vector<std::string> names;
  for (const lag::LagQuery& query : watched_) {
    if (std::ranges::find(names, query.topic) == names.end()) names.push_back(query.topic);
  }
  for (const std::string& name : names) {
    TopicView view{name, 0, 0, {}};
    std::optional<std::int64_t> ends = 0;
    auto route = co_await cluster_->route(name);
    std::vector<wire::BrokerData> brokers;
    if (route) {
      brokers = route->brokers;
    } else {
      view.queues = view.messages = ends = std::nullopt;
    }
    for (const wire::BrokerData& broker : brokers) {
      const std::string* master = rocketmq::master_of(broker);
      // no conditional operator around co_await: g++ 12 copies its result bit by bit
      Result<wire::TopicStatsTable> stats = fail(Errc::unavailable, "no master");
      if (master != nullptr) stats = co_await admin_.topic_stats(*master, name);
      if (!stats) {
        view.queues = view.messages = ends = std::nullopt;
        break;
      }
      for (const auto& [queue, offsets] : stats->offset_table) {
        add(view.queues, 1);
        add(view.messages, offsets.max_offset - offsets.min_offset);
        add(ends, offsets.max_offset);
      }
    }
    Arrivals& arrivals = arrivals_[name];
    arrivals.known = ends.has_value();
    if (!route && route.error().code == Errc::not_found && !arrivals.first) arrivals.unborn = true;
    if (ends) {
      if (!arrivals.first) arrivals.first = plan_.new_broker || arrivals.unborn ? 0 : *ends;
      arrivals.count = std::max(arrivals.count, *ends - *arrivals.first);
    }
    auto& past = topic_offsets_[name];
    if (ends) past.emplace_back(now_s, *ends);
    while (past.size() > 2 && now_s - past[1].first >= kRateWindowS) past.pop_front();
    if (ends && past.size() > 1 && past.back().first > past.front().first) {
      view.rate = std::max(0.0, static_cast<double>(past.back().second - past.front().second) /
                                    (past.back().first - past.front().first));
    }
    views.push_back(std::move(view));
  }
  topics_ = std::move(views);
}

// What is in the topics' queues now and was not when they were first seen.
std::optional<std::int64_t> Show::incoming_since_start() {
  std::int64_t total = 0;
  for (const auto& [topic, arrivals] : arrivals_) {
    if (!arrivals.known) return std::nullopt;
    total += arrivals.count;
  }
  return total;
}

void Show::look_for_progress() {
  progress_.resize(groups_.size());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!groups_[i]) continue;
    std::int64_t offsets = 0;
    for (const lag::QueueReading& queue : groups_[i]->queues) offsets += queue.consumer_offset.value_or(0);
    if (std::exchange(progress_[i].offsets, offsets) != offsets) progress_[i].since_s = uptime_s();
  }
}

std::string Show::missing_consumers(std::size_t watched) const {
  if (watched >= groups_.size() || !groups_[watched] || watched >= progress_.size()) return "";
  const lag::LagReading& reading = *groups_[watched];
  GroupAtWork now;
  now.lag = reading.lag;
  now.consumers = reading.consumers;
  now.pop = reading.pop;
  now.standstill_s = uptime_s() - progress_[watched].since_s;
  std::set<const workload::Deployment*> counted;
  for (const auto& runner : runners_) {
    const kube::ScaledObject& object = runner->object();
    const bool reads = std::ranges::any_of(object.triggers, [&](const kube::Trigger& trigger) {
      if (!trigger.rocketmq || trigger.rocketmq->consumer_group != watched_[watched].group) return false;
      now.pop |= trigger.rocketmq->mode == kube::ConsumeMode::pop;
      return true;
    });
    const auto deployment = std::ranges::find_if(deployments_, [&](const auto& d) {
      return d->name() == object.scale_target_ref.name && d->namespace_() == object.metadata.namespace_;
    });
    if (!reads || deployment == deployments_.end() || !counted.insert(deployment->get()).second) continue;
    for (const workload::ReplicaStatus& replica : (*deployment)->replicas()) {
      if (replica.state != workload::ReplicaState::running || !replica.started_at) continue;
      ++now.running;
      const std::chrono::duration<double> runs = std::chrono::system_clock::now() - *replica.started_at;
      now.longest_run_s = std::max(now.longest_run_s, runs.count());
    }
  }
  return missing_consumers_text(reading.group, now);
}

double Show::uptime_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

// From the newest sample that is at least a window old, or the first there is; unknown when either end is.
std::optional<double> Show::rate(std::optional<std::int64_t> Sample::* member) const {
  const auto& samples = history_.samples();
  if (samples.size() < 2 || !(samples.back().*member)) return std::nullopt;
  std::size_t from = samples.size() - 2;
  while (from > 0 && samples.back().t_s - samples[from].t_s < kRateWindowS) --from;
  const double seconds = samples.back().t_s - samples[from].t_s;
  if (!(samples[from].*member) || seconds <= 0) return std::nullopt;
  return static_cast<double>(*(samples.back().*member) - *(samples[from].*member)) / seconds;
}

std::string Show::phase() const {
  Situation now;
  for (const auto& reading : groups_) {
    if (reading && reading->lag) continue;
    now.lag_unknown = !reading                   ? reading.error().message
                      : reading->unknown.empty() ? "no reason given"
                                                 : reading->unknown.front();
    break;
  }
  const auto problems = problems_of(*this);
  now.failing_workers = failing_workers_among(problems);
  now.missing_consumers = first_about("group", problems);
  now.lag = last_.lag.value_or(0);
  now.retry = last_.retry.value_or(0);
  now.groups = groups_.size();
  now.replicas = last_.replicas;
  now.replicas_at_rest = plan_.replicas_at_rest;
  now.burst = burst_situation();
  return phase_text(now);
}

std::optional<BurstSituation> Show::burst_situation() const {
  if (!generator_) return std::nullopt;
  BurstSituation burst;
  burst.total = generator_->total();
  burst.sent = generator_->sent();
  burst.begun = generator_->begun();
  burst.over = burst_over_;
  burst.error = generator_->last_error();
  if (burst.complete() && last_.lag == 0 && last_.retry.value_or(0) == 0 && !replicas_at_work_ && all_have_spoken()) {
    if (const Evidence found = evidence(); found.deliveries) burst.doubts = doubts(*found.deliveries);
  }
  return burst;
}

Evidence Show::evidence() const {
  Evidence evidence;
  evidence.replicas_at_rest = plan_.replicas_at_rest;
  if (generator_) evidence.burst_complete = generator_->complete();
  evidence.replicas_at_work = replicas_at_work_;
  evidence.failing_workers = failing_workers_;
  evidence.interrupted = interrupted_;
  // workers that do not print their messages leave both unknown
  if (tally_ && tally_->any_seen()) evidence.deliveries = tally_->deliveries();
  return evidence;
}

bool Show::all_have_spoken() const {
  const auto ends = [](const auto& deployment) {
    return std::ranges::any_of(deployment->replicas(), [](const workload::ReplicaStatus& replica) {
      return replica.state == workload::ReplicaState::terminating;
    });
  };
  const auto runs = [](const auto& object) { return object->jobs().running() > 0; };
  return std::ranges::none_of(deployments_, ends) && std::ranges::none_of(scaled_jobs_, runs);
}

bool Show::absorbed() const { return generator_ && generator_->complete() && all_have_spoken() && verdict().ok; }

}  // namespace gantry::up
