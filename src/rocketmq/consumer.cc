#include "rocketmq/consumer.h"

#include <algorithm>
#include <utility>

#include "net/spawn.h"
#include "queueing/allocation.h"
#include "queueing/subscription.h"
#include "rocketmq/assigned_queue.h"
#include "rocketmq/errors_by_source.h"
#include "rocketmq/gather.h"
#include "rocketmq/group_member.h"
#include "rocketmq/identity.h"
#include "rocketmq/wakeup.h"

namespace gantry::rocketmq {

namespace asio = boost::asio;
using std::chrono::milliseconds;

class Consumer::Impl final : public std::enable_shared_from_this<Impl>, public AssignedQueue::Listener {
 public:
  Impl(std::shared_ptr<Cluster> cluster, ConsumerConfig config, Handler handler, Acknowledged acknowledged,
       Unacknowledged unacknowledged)
      : cluster_(cluster),
        config_(std::move(config)),
        subscriptions_(make_subscriptions(config_)),
        acknowledged_(std::move(acknowledged)),
        unacknowledged_(std::move(unacknowledged)),
        member_(cluster, errors_,
                {.group = config_.group,
                 .consume_type = config_.mode == ConsumeMode::push ? wire::kConsumePassively : wire::kConsumeActively,
                 .from = config_.from,
                 .subscriptions = subscriptions_,
                 .heartbeat_interval = config_.heartbeat_interval}),
        workers_(
            cluster->io(), config_.group, std::move(handler), [this] { return next_task(); },
            [this](const Error& error) { member_.note_event(error); }),
        rebalance_wakeup_(cluster->io()),
        commit_wakeup_(cluster->io()),
        stop_wakeup_(cluster->io()) {}

  asio::awaitable<Result<void>> start();
  void hold() { workers_.hold(); }
  asio::awaitable<void> stop();

  const std::string& client_id() const { return member_.client_id(); }
  std::size_t assigned_queues() const { return assigned_.size(); }
  std::string last_error() const { return errors_.oldest(); }

  void acknowledged(const ReceivedMessage& message, Outcome outcome) override {
    call_back(acknowledged_, message, outcome);
  }
  void unacknowledged(const ReceivedMessage& message, const Error& why) override {
    call_back(unacknowledged_, message, why);
  }
  void ready() override { workers_.wake(); }
  void failed(std::string_view source, const Error& error) override { errors_.note(source, error); }
  void broker_failed(std::string_view source, const Error& error) override;
  void worked(std::string_view source) override { errors_.clear(source); }

 private:
  using QueuePtr = std::shared_ptr<AssignedQueue>;

  static std::vector<wire::SubscriptionData> make_subscriptions(const ConsumerConfig& config) {
    std::vector<wire::SubscriptionData> result;
    const auto now = unix_now_ms();
    result.push_back(queueing::subscribe(config.topic, config.tags, now));
    if (config.mode == ConsumeMode::push) result.push_back(queueing::subscribe(retry_topic(config.group), "*", now));
    return result;
  }

  template <class Loop>
  void spawn(Loop loop) {
    net::spawn(cluster_->io(), "a loop of the consumer in group " + config_.group, std::move(loop));
  }

  template <class Callback, class What>
  void call_back(const Callback& callback, const ReceivedMessage& message, const What& what);
  void listen();
  asio::awaitable<void> rebalances();
  asio::awaitable<bool> rebalance_topic(const wire::SubscriptionData& subscription);
  void revoke(const QueuePtr& queue);
  asio::awaitable<void> hand_over(QueuePtr queue);
  asio::awaitable<void> commits();
  std::optional<MessageWorkers::Task> next_task();
  void reset(const std::map<MessageQueue, std::int64_t>& offsets);
  wire::ConsumerRunningInfo running_info() const;

  std::shared_ptr<Cluster> cluster_;
  const ConsumerConfig config_;
  const std::vector<wire::SubscriptionData> subscriptions_;
  const Acknowledged acknowledged_;
  const Unacknowledged unacknowledged_;
  std::shared_ptr<AssignedQueue::Shared> shared_;  // of the queues; empty until listen()
  ErrorsBySource errors_;                          // of topics and queues, besides the member's
  GroupMember member_;
  std::map<MessageQueue, QueuePtr> assigned_;
  MessageWorkers workers_;
  const long long started_at_ms_ = unix_now_ms();
  std::size_t turn_ = 0;  // which queue the next message is taken from
  Wakeup rebalance_wakeup_, commit_wakeup_, stop_wakeup_;
  bool stopped_ = false;
  int handing_over_ = 0;  // queues that were taken away and are not settled yet
};

// Calls back to the user out of our own loops, which must not end by what the callback throws.
template <class Callback, class What>
void Consumer::Impl::call_back(const Callback& callback, const ReceivedMessage& message, const What& what) {
  if (!callback) return;
  try {
    callback(message, what);
  } catch (...) {
    member_.note_event(caught("acknowledgement of message " + message.message_id));
  }
}

// As Java's push consumer tells it; what only Java has (thread pool, stacks) is left out.
wire::ConsumerRunningInfo Consumer::Impl::running_info() const {
  wire::ConsumerRunningInfo info;
  info.properties["PROP_CONSUME_TYPE"] =
      config_.mode == ConsumeMode::push ? wire::kConsumePassively : wire::kConsumeActively;
  info.properties["PROP_CONSUMEORDERLY"] = "false";
  info.properties["PROP_CONSUMER_START_TIMESTAMP"] = std::to_string(started_at_ms_);
  info.properties["PROP_CLIENT_VERSION"] = "gantry";
  for (const auto& [name, queue] : assigned_) info.mq_table[name] = queue->info();
  info.subscription_set = subscriptions_;
  return info;
}

// Those who call back may outlive us.
void Consumer::Impl::listen() {
  const std::weak_ptr<Impl> weak = weak_from_this();
  GroupListener listener;
  listener.members_changed = [weak] {
    if (auto impl = weak.lock()) impl->rebalance_wakeup_.notify();
  };
  listener.offsets_reset = [weak](const std::map<MessageQueue, std::int64_t>& offsets) {
    if (auto impl = weak.lock()) impl->reset(offsets);
  };
  listener.running_info = [weak] {
    auto impl = weak.lock();
    return impl ? impl->running_info() : wire::ConsumerRunningInfo{};
  };
  member_.listen(std::move(listener));
  shared_ = std::make_shared<AssignedQueue::Shared>(AssignedQueue::Shared{
      .cluster = cluster_, .config = config_, .client = QueueClient(cluster_, config_.group), .listener = weak});
}

asio::awaitable<Result<void>> Consumer::Impl::start() {
  auto self = shared_from_this();
  auto route = co_await cluster_->route(config_.topic, Freshness::now);
  if (!route) co_return std::unexpected(route.error());
  listen();
  auto joined = co_await member_.join(self);
  if (!joined) co_return joined;
  spawn([self] { return self->rebalances(); });
  spawn([self] { return self->commits(); });
  workers_.start(config_.concurrency, self);
  co_return Result<void>{};
}

asio::awaitable<void> Consumer::Impl::stop() {
  auto self = shared_from_this();
  if (stopped_) co_return;
  stopped_ = true;
  member_.retire();
  rebalance_wakeup_.notify();
  commit_wakeup_.notify();
  co_await workers_.stop();
  const std::map<MessageQueue, QueuePtr> assigned = std::exchange(assigned_, {});
  std::vector<asio::awaitable<bool>> commits;  // at once: a broker that hangs must not delay the others' commits
  for (const auto& [name, queue] : assigned) {
    queue->drop();
    commits.push_back(queue->commit_finally());
  }
  co_await gather(cluster_->io(), std::move(commits));
  while (handing_over_ > 0) co_await stop_wakeup_.wait(kUntilWoken);
  co_await member_.unregister();
}

// A broker that was started anew does not know us: it would share our queues out among the others, and they would be
// read twice until our next regular heartbeat.
void Consumer::Impl::broker_failed(std::string_view source, const Error& error) {
  errors_.note(source, error);
  if (error.code == Errc::unavailable || error.code == Errc::timeout) member_.rejoin();
}

asio::awaitable<void> Consumer::Impl::rebalances() {
  while (!stopped_) {
    bool all = true;
    for (const auto& subscription : subscriptions_) all = co_await rebalance_topic(subscription) && all;
    if (stopped_) co_return;
    co_await rebalance_wakeup_.wait(all ? config_.rebalance_interval : kRetryDelay);
  }
}

// False when it should be tried again soon. A list that cannot be had changes nothing: who gave queues up then would
// leave them to nobody.
asio::awaitable<bool> Consumer::Impl::rebalance_topic(const wire::SubscriptionData& subscription) {
  const bool is_retry = subscription.topic != config_.topic;
  auto route = co_await cluster_->route(subscription.topic);
  if (!route) {
    if (!is_retry) errors_.note(subscription.topic, route.error());
    co_return is_retry;  // made by the broker in its own time
  }
  auto members = co_await member_.members(subscription.topic);
  if (stopped_) co_return true;
  if (!members) {
    errors_.note(subscription.topic, members.error());
    co_return false;
  }
  if (std::find(members->begin(), members->end(), member_.client_id()) == members->end()) {
    co_await member_.heartbeat();  // the broker forgot us, or was started anew
    co_return false;
  }
  errors_.clear(subscription.topic);
  const bool alone = members->size() == 1;
  const auto mine = queueing::allocate_averagely(member_.client_id(), route->read_queues(), *members);

  std::vector<QueuePtr> lost;
  for (const auto& [name, queue] : assigned_) {
    if (name.topic == subscription.topic && !std::binary_search(mine.begin(), mine.end(), name)) lost.push_back(queue);
  }
  for (const QueuePtr& queue : lost) revoke(queue);
  for (const MessageQueue& name : mine) {
    QueuePtr& queue = assigned_[name];
    if (queue) continue;
    queue = std::make_shared<AssignedQueue>(shared_, name, subscription);
    queue->start(alone ? milliseconds(0) : config_.handover_delay);
  }
  co_return true;
}

void Consumer::Impl::revoke(const QueuePtr& queue) {
  queue->drop();
  assigned_.erase(queue->queue());
  ++handing_over_;
  spawn([self = shared_from_this(), queue] { return self->hand_over(queue); });
}

asio::awaitable<void> Consumer::Impl::hand_over(QueuePtr queue) {
  co_await queue->hand_over();
  --handing_over_;
  stop_wakeup_.notify();
}

// The queues in turn.
std::optional<MessageWorkers::Task> Consumer::Impl::next_task() {
  if (assigned_.empty()) return std::nullopt;
  auto it = assigned_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(turn_++ % assigned_.size()));
  for (std::size_t tried = 0; tried < assigned_.size(); ++tried) {
    if (auto task = it->second->take()) return task;
    if (++it == assigned_.end()) it = assigned_.begin();
  }
  return std::nullopt;
}

asio::awaitable<void> Consumer::Impl::commits() {
  while (true) {
    co_await commit_wakeup_.wait(config_.commit_interval);
    if (stopped_) co_return;
    for (const auto& [name, queue] : assigned_) queue->begin_commit();
  }
}

void Consumer::Impl::reset(const std::map<MessageQueue, std::int64_t>& offsets) {
  for (const auto& [name, offset] : offsets) {
    if (auto it = assigned_.find(name); it != assigned_.end()) it->second->reset(offset);
  }
}

Consumer::Consumer(std::shared_ptr<Cluster> cluster, ConsumerConfig config, Handler handler, Acknowledged acknowledged,
                   Unacknowledged unacknowledged)
    : impl_(std::make_shared<Impl>(std::move(cluster), std::move(config), std::move(handler), std::move(acknowledged),
                                   std::move(unacknowledged))) {}

Consumer::~Consumer() = default;
asio::awaitable<Result<void>> Consumer::start() { return impl_->start(); }
void Consumer::hold() { impl_->hold(); }
asio::awaitable<void> Consumer::stop() { return impl_->stop(); }
const std::string& Consumer::client_id() const { return impl_->client_id(); }
std::size_t Consumer::assigned_queues() const { return impl_->assigned_queues(); }
std::string Consumer::last_error() const { return impl_->last_error(); }

}  // namespace gantry::rocketmq
