// Everything that runs while `gantry up` runs, on one thread (the embedded broker has its own): deployments, jobs, one runner
// a scaled object, the generator, and once a second a sample of it all. The page, the terminal and the report only look.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "autoscaler/scaled_object_runner.h"
#include "rocketmq/admin.h"
#include "rocketmq/cluster.h"
#include "rocketmq/wakeup.h"
#include "triggers/lag_cache.h"
#include "up/consumption.h"
#include "up/delivery_tally.h"
#include "up/generator.h"
#include "up/phase.h"
#include "up/plan.h"
#include "up/report.h"
#include "up/scaled_job.h"
#include "up/witness.h"
#include "workload/deployment.h"

namespace gantry::up {

// One topic as the page lists it; empty: unknown.
struct TopicView {
  std::string topic;
  std::optional<std::int64_t> queues;
  std::optional<std::int64_t> messages;  // stored now
  std::optional<double> rate;            // stored per second, lately
};

class Show {
 public:
  static constexpr std::chrono::milliseconds kSampleInterval{1'000};

  // The cluster must be reachable later, not now. `plan` has its name servers redirected already.
  static Result<std::unique_ptr<Show>> create(boost::asio::io_context& io, Plan plan,
                                              std::shared_ptr<rocketmq::Cluster> cluster);

  // Creates the topics of the triggers when the broker is ours, then starts deployments, runners and generator.
  void start();
  // Stops deciding and sending, ends every worker within `grace`.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

  const Plan& plan() const { return plan_; }
  const History& history() const { return history_; }
  const Sample& last_sample() const { return last_; }
  const std::vector<Result<lag::LagReading>>& groups() const { return groups_; }  // newest, one for each watched pair
  const std::vector<lag::LagQuery>& watched() const { return watched_; }
  const std::vector<TopicView>& topics() const { return topics_; }
  const std::vector<std::shared_ptr<autoscaler::ScaledObjectRunner>>& runners() const { return runners_; }
  const std::vector<std::unique_ptr<workload::Deployment>>& deployments() const { return deployments_; }
  const std::vector<std::unique_ptr<ScaledJob>>& scaled_jobs() const { return scaled_jobs_; }
  const BurstGenerator* generator() const { return generator_.get(); }
  double uptime_s() const;
  std::optional<double> incoming_rate() const { return rate(&Sample::incoming); }
  std::optional<double> consume_rate() const { return rate(&Sample::consumed); }
  // What is said of a watched group whose messages wait while replicas run that have not joined it; else empty.
  std::string missing_consumers(std::size_t watched) const;

  // One sentence on what is going on.
  std::string phase() const;
  Evidence evidence() const;
  void interrupted() { interrupted_ = true; }  // by a signal; for the verdict
  Verdict verdict() const { return judge(history_, evidence()); }
  // A burst was asked for, is all sent, all consumed, and the replicas are back: there is nothing left to wait for.
  bool absorbed() const;

  std::function<void()> on_sample;  // after each sample

 private:
  Show(boost::asio::io_context& io, Plan plan, std::shared_ptr<rocketmq::Cluster> cluster);
  Result<void> make_deployments();
  void make_runners();
  Result<void> make_scaled_jobs();
  void watch(const std::vector<kube::Trigger>& read);
  void count_consumers();
  // No worker is about to end, and to say its last words.
  bool all_have_spoken() const;
  autoscaler::ScaleTarget target_of(workload::Deployment* deployment);
  boost::asio::awaitable<scaling::TriggerReading> read_trigger(const kube::Trigger& trigger);
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> create_topics();
  boost::asio::awaitable<void> sample();
  boost::asio::awaitable<void> read_topics(double now_s);
  void look_for_progress();
  std::optional<std::int64_t> incoming_since_start();
  std::optional<double> rate(std::optional<std::int64_t> Sample::* member) const;
  std::optional<BurstSituation> burst_situation() const;

  boost::asio::io_context& io_;
  Plan plan_;
  std::shared_ptr<rocketmq::Cluster> cluster_;
  rocketmq::AdminQueries admin_;
  triggers::LagCache lag_;
  std::shared_ptr<DeliveryTally> tally_;  // with a generator only, as is the witness
  std::optional<Witness> witness_;
  std::vector<std::unique_ptr<workload::Deployment>> deployments_;
  std::vector<std::string> groups_of_deployments_;
  std::vector<std::shared_ptr<autoscaler::ScaledObjectRunner>> runners_;
  std::vector<std::unique_ptr<ScaledJob>> scaled_jobs_;
  std::shared_ptr<BurstGenerator> generator_;

  std::vector<lag::LagQuery> watched_;
  std::vector<Result<lag::LagReading>> groups_;
  std::vector<TopicView> topics_;
  std::map<std::string, std::deque<std::pair<double, std::int64_t>>> topic_offsets_;  // time and sum of maximum offsets
  struct Arrivals {
    std::optional<std::int64_t> first;  // sum of maximum offsets when first seen
    std::int64_t count = 0;             // stored since
    bool known = false;                 // read just now
    bool unborn = false;                // did not exist when first looked for
  };
  std::map<std::string, Arrivals> arrivals_;  // by topic
  struct Progress {
    std::int64_t offsets = -1;  // sum over the queues
    double since_s = 0;         // how long it has stood there
  };
  std::vector<Progress> progress_;  // of each watched group
  Consumption consumption_;
  bool burst_consumed_ = false;  // all of it was sent and nothing waited any more
  bool burst_over_ = false;      // ... and then others came
  History history_;
  Sample last_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  rocketmq::Wakeup wakeup_;        // ends the wait for the next sample
  bool replicas_at_work_ = false;  // at the last sample more replicas existed than at rest
  std::string failing_workers_;    // at the last sample
  bool interrupted_ = false;
  bool stopped_ = false;
};

}  // namespace gantry::up
