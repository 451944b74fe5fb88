#include "rocketmq/consumer.h"

#include <algorithm>
#include <list>

#include "net/spawn.h"
#include "queueing/allocation.h"
#include "queueing/subscription.h"
#include "rocketmq/gather.h"
#include "rocketmq/group_member.h"
#include "rocketmq/identity.h"
#include "rocketmq/process_queue.h"
#include "rocketmq/queue_client.h"
#include "rocketmq/wakeup.h"

namespace gantry::rocketmq {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kLocalRetryDelay{5'000};        // a message that could not be sent back; Java's delay as well
constexpr const char* kSentBack = "GANTRY_SENT_BACK";  // a property: the commit does not report it a second time

Error moved_away(const MessageQueue& queue) {
  return Error{Errc::unavailable, fmt::format("queue {} of {} on broker {} was taken away before the acknowledgement",
                                              queue.queue_id, queue.topic, queue.broker_name)};
}

}  // namespace

class Consumer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<Cluster> cluster, ConsumerConfig config, Handler handler, Acknowledged acknowledged,
       Unacknowledged unacknowledged)
      : cluster_(cluster),
        config_(std::move(config)),
        handler_(std::move(handler)),
        acknowledged_(std::move(acknowledged)),
        unacknowledged_(std::move(unacknowledged)),
        subscriptions_(make_subscriptions(config_)),
        queues_(cluster, config_.group),
        member_(cluster, config_.group,
                std::string(config_.mode == ConsumeMode::push ? wire::kConsumePassively : wire::kConsumeActively),
                std::string(config_.from == ConsumeFrom::earliest ? wire::kConsumeFromFirstOffset
                                                                  : wire::kConsumeFromLastOffset),
                subscriptions_),
        heartbeat_wakeup_(cluster->io()),
        rebalance_wakeup_(cluster->io()),
        commit_wakeup_(cluster->io()),
        stop_wakeup_(cluster->io()) {}

  asio::awaitable<Result<void>> start();
  void hold();
  asio::awaitable<void> stop();

  const std::string& client_id() const { return member_.client_id(); }
  std::size_t assigned_queues() const { return assigned_.size(); }
  const std::string& last_error() const { return last_error_; }

 private:
  // One assigned queue. Loops hold it by shared_ptr and look at `dropped` after every wait.
  struct Assigned {
    Assigned(asio::io_context& io, MessageQueue queue, const wire::SubscriptionData& subscription)
        : queue(std::move(queue)), subscription(subscription), room(io) {}
    MessageQueue queue;
    const wire::SubscriptionData& subscription;
    std::shared_ptr<ProcessQueue> held;  // empty until the first offset is known
    Wakeup room;                         // messages were taken: there may be room for more
    bool dropped = false;
    bool committing = false;
    std::optional<std::chrono::steady_clock::time_point> committed_at;  // by us, or read as such; empty: never
    std::optional<Error> commit_error;  // of the last commit; empty: it was acknowledged
  };
  using AssignedPtr = std::shared_ptr<Assigned>;

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

  asio::awaitable<void> heartbeats();
  asio::awaitable<void> rebalances();
  asio::awaitable<bool> rebalance_topic(const wire::SubscriptionData& subscription);
  void assign(const MessageQueue& queue, const wire::SubscriptionData& subscription, bool taken_over);
  void revoke(const AssignedPtr& assigned);
  asio::awaitable<void> hand_over(AssignedPtr assigned);
  asio::awaitable<Result<std::int64_t>> first_offset(AssignedPtr assigned);
  asio::awaitable<void> fetches(AssignedPtr assigned, milliseconds delay);
  bool has_room(const Assigned& assigned) const;
  asio::awaitable<void> commits();
  asio::awaitable<bool> commit(AssignedPtr assigned);
  asio::awaitable<bool> commit_finally(AssignedPtr assigned);
  void give_up(ProcessQueue& held, const Error& why);
  asio::awaitable<void> worker(std::shared_ptr<Wakeup> wakeup);
  asio::awaitable<void> process(AssignedPtr assigned, ReceivedMessage message);
  asio::awaitable<void> retry_later(std::shared_ptr<ProcessQueue> held, ReceivedMessage message);
  asio::awaitable<void> store(MessageQueue queue, std::int64_t offset);
  AssignedPtr next_ready();
  void reset(const std::map<MessageQueue, std::int64_t>& offsets);
  void wake_workers();
  void note(const Error& error) { last_error_ = error.message; }
  void note_broker(const Error& error);

  std::shared_ptr<Cluster> cluster_;
  const ConsumerConfig config_;
  Handler handler_;
  Acknowledged acknowledged_;
  Unacknowledged unacknowledged_;
  const std::vector<wire::SubscriptionData> subscriptions_;
  QueueClient queues_;
  GroupMember member_;
  std::map<MessageQueue, AssignedPtr> assigned_;
  std::list<std::shared_ptr<Wakeup>> workers_;
  std::size_t turn_ = 0;  // which queue the next message is taken from
  Wakeup heartbeat_wakeup_, rebalance_wakeup_, commit_wakeup_, stop_wakeup_;
  bool rejoining_ = false;  // a broker was away: heartbeats go out until all brokers know us again
  bool holding_ = false;
  bool stopped_ = false;
  int at_work_ = 0;       // handlers
  int handing_over_ = 0;  // queues that were taken away and are not settled yet
  std::string last_error_;
};

asio::awaitable<Result<void>> Consumer::Impl::start() {
  auto self = shared_from_this();
  auto route = co_await cluster_->route(config_.topic, Freshness::now);
  if (!route) co_return std::unexpected(route.error());
  std::weak_ptr<Impl> weak = self;
  GroupListener listener;
  listener.members_changed = [weak] {
    if (auto impl = weak.lock()) impl->rebalance_wakeup_.notify();
  };
  listener.offsets_reset = [weak](const std::map<MessageQueue, std::int64_t>& offsets) {
    if (auto impl = weak.lock()) impl->reset(offsets);
  };
  member_.listen(std::move(listener));
  auto joined = co_await member_.heartbeat();
  if (!joined) co_return joined;
  spawn([self] { return self->heartbeats(); });
  spawn([self] { return self->rebalances(); });
  spawn([self] { return self->commits(); });
  for (int i = 0; i < config_.concurrency; ++i) {
    workers_.push_back(std::make_shared<Wakeup>(cluster_->io()));
    spawn([self, wakeup = workers_.back()] { return self->worker(wakeup); });
  }
  co_return Result<void>{};
}

void Consumer::Impl::hold() { holding_ = true; }

asio::awaitable<void> Consumer::Impl::stop() {
  auto self = shared_from_this();
  if (stopped_) co_return;
  holding_ = true;
  stopped_ = true;
  member_.stop_listening();
  heartbeat_wakeup_.notify();
  rebalance_wakeup_.notify();
  commit_wakeup_.notify();
  wake_workers();
  while (at_work_ > 0) co_await stop_wakeup_.wait(kUntilWoken);
  const std::map<MessageQueue, AssignedPtr> assigned = std::move(assigned_);
  assigned_.clear();
  for (const auto& [queue, state] : assigned) {
    state->dropped = true;
    state->room.notify();
  }
  std::vector<asio::awaitable<bool>> commits;  // at once: a broker that hangs must not delay the others' commits
  for (const auto& [queue, state] : assigned) commits.push_back(commit_finally(state));
  co_await gather(cluster_->io(), std::move(commits));
  while (handing_over_ > 0) co_await stop_wakeup_.wait(kUntilWoken);
  co_await member_.unregister();
}

asio::awaitable<void> Consumer::Impl::heartbeats() {
  while (true) {
    co_await heartbeat_wakeup_.wait(rejoining_ ? kRetryDelay : config_.heartbeat_interval);
    if (stopped_) co_return;
    auto result = co_await member_.heartbeat();
    if (!result) note(result.error());
    if (!rejoining_ || !member_.all_took()) continue;
    rejoining_ = false;
    rebalance_wakeup_.notify();
  }
}

// A broker that was started anew does not know us: it would share our queues out among the others, and they would be
// read twice until our next regular heartbeat.
void Consumer::Impl::note_broker(const Error& error) {
  note(error);
  if (rejoining_ || (error.code != Errc::unavailable && error.code != Errc::timeout)) return;
  rejoining_ = true;
  heartbeat_wakeup_.notify();
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
    if (!is_retry) note(route.error());
    co_return is_retry;  // made by the broker in its own time
  }
  auto members = co_await member_.members(subscription.topic);
  if (stopped_) co_return true;
  if (!members) {
    note(members.error());
    co_return false;
  }
  if (std::find(members->begin(), members->end(), member_.client_id()) == members->end()) {
    auto joined = co_await member_.heartbeat();  // the broker forgot us, or was started anew
    if (!joined) note(joined.error());
    co_return false;
  }
  last_error_.clear();
  const bool alone = members->size() == 1;
  const auto mine = queueing::allocate_averagely(member_.client_id(), route->read_queues(), *members);

  std::vector<AssignedPtr> lost;
  for (const auto& [queue, state] : assigned_) {
    if (queue.topic == subscription.topic && !std::binary_search(mine.begin(), mine.end(), queue)) {
      lost.push_back(state);
    }
  }
  for (const AssignedPtr& state : lost) revoke(state);
  for (const MessageQueue& queue : mine) {
    if (!assigned_.contains(queue)) assign(queue, subscription, !alone);
  }
  co_return true;
}

void Consumer::Impl::assign(const MessageQueue& queue, const wire::SubscriptionData& subscription, bool taken_over) {
  auto state = std::make_shared<Assigned>(cluster_->io(), queue, subscription);
  assigned_[queue] = state;
  const milliseconds delay = taken_over ? config_.handover_delay : milliseconds(0);
  spawn([self = shared_from_this(), state, delay] { return self->fetches(state, delay); });
}

void Consumer::Impl::revoke(const AssignedPtr& state) {
  state->dropped = true;
  state->room.notify();
  assigned_.erase(state->queue);
  ++handing_over_;
  spawn([self = shared_from_this(), state] { return self->hand_over(state); });
}

// Commits what is done, and once more when the message at hand is done, as long as the next owner does not read yet: a
// later commit could throw the new owner's back.
asio::awaitable<void> Consumer::Impl::hand_over(AssignedPtr state) {
  const auto until = std::chrono::steady_clock::now() + config_.handover_delay / 2;
  co_await commit(state);
  Wakeup pause(cluster_->io());
  while (state->held && state->held->at_hand() > 0 && std::chrono::steady_clock::now() < until) {
    co_await pause.wait(milliseconds(10));
  }
  if (std::chrono::steady_clock::now() < until) {
    co_await commit_finally(state);
  } else if (state->held) {
    while (state->committing) co_await pause.wait(milliseconds(10));
    give_up(*state->held, state->commit_error.value_or(moved_away(state->queue)));
  }
  --handing_over_;
  stop_wakeup_.notify();
}

asio::awaitable<Result<std::int64_t>> Consumer::Impl::first_offset(AssignedPtr state) {
  auto committed = co_await queues_.committed(state->queue);
  if (!committed) co_return std::unexpected(committed.error());
  if (*committed) {
    // ours from now on: a late commit of who had the queue before must not stand
    state->committed_at = std::chrono::steady_clock::now();
    co_return **committed;
  }
  // the retry topic is read from its start in any case: what is in it was sent there for us
  if (config_.from == ConsumeFrom::latest && state->queue.topic == config_.topic) {
    co_return co_await queues_.max_offset(state->queue);
  }
  auto min = co_await queues_.min_offset(state->queue);
  if (min && *min < 0) co_return std::int64_t{0};
  co_return min;
}

bool Consumer::Impl::has_room(const Assigned& state) const {
  if (config_.mode == ConsumeMode::pull) return state.held->buffered() == 0 && state.held->at_hand() == 0;
  return state.held->buffered() < config_.prefetch_max && state.held->buffered_bytes() < config_.prefetch_bytes_max;
}

asio::awaitable<void> Consumer::Impl::fetches(AssignedPtr state, milliseconds delay) {
  if (delay.count() > 0) co_await state->room.wait(delay);
  while (!state->dropped && !state->held) {
    auto offset = co_await first_offset(state);
    if (offset && !state->held) {
      state->held = std::make_shared<ProcessQueue>(*offset);
    } else if (!offset) {
      note(offset.error());
      co_await state->room.wait(kRetryDelay);
    }
  }
  while (!state->dropped) {
    auto held = state->held;  // a reset puts another one there
    if (!has_room(*state)) {
      co_await state->room.wait(kUntilWoken);
      continue;
    }
    auto answer = co_await queues_.pull(state->queue, held->next_offset(), state->subscription, config_.batch_max,
                                        config_.poll_timeout);
    if (state->dropped) co_return;
    if (held != state->held) continue;
    if (!answer) {
      if (answer.error().code == Errc::cancelled) co_return;
      note_broker(answer.error());
      co_await state->room.wait(kRetryDelay);
      continue;
    }
    if (answer->status == PullAnswer::Status::offset_moved) {
      // the broker says where to go on: below its minimum or beyond its maximum there is nothing
      state->held = std::make_shared<ProcessQueue>(answer->next_offset);
      give_up(*held,
              Error{Errc::unavailable, fmt::format("the broker has no offset {} of queue {} of {} any more",
                                                   held->next_offset(), state->queue.queue_id, state->queue.topic)});
      co_await queues_.commit(state->queue, answer->next_offset);
      continue;
    }
    held->put(std::move(answer->messages), answer->next_offset);
    if (held->buffered() > 0) wake_workers();
  }
}

void Consumer::Impl::wake_workers() {
  for (const auto& wakeup : workers_) wakeup->notify();
}

Consumer::Impl::AssignedPtr Consumer::Impl::next_ready() {
  if (assigned_.empty()) return nullptr;
  auto it = assigned_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(turn_++ % assigned_.size()));
  for (std::size_t tried = 0; tried < assigned_.size(); ++tried) {
    if (it->second->held && it->second->held->buffered() > 0) return it->second;
    if (++it == assigned_.end()) it = assigned_.begin();
  }
  return nullptr;
}

asio::awaitable<void> Consumer::Impl::worker(std::shared_ptr<Wakeup> wakeup) {
  while (!holding_) {
    AssignedPtr state = next_ready();
    if (!state) {
      co_await wakeup->wait(kUntilWoken);
      continue;
    }
    std::optional<ReceivedMessage> message = state->held->take();
    state->room.notify();
    if (message) co_await process(state, std::move(*message));
  }
}

asio::awaitable<void> Consumer::Impl::process(AssignedPtr state, ReceivedMessage message) {
  auto held = state->held;
  ++at_work_;
  Outcome outcome = Outcome::retry;
  try {
    outcome = co_await handler_(message);
  } catch (const std::exception& error) {
    note(Error{Errc::internal, fmt::format("handler of message {}: {}", message.message_id, error.what())});
  }
  if (outcome == Outcome::retry) {
    auto sent = co_await queues_.send_back(message, config_.reconsume_times_max);
    if (sent) {
      if (acknowledged_) acknowledged_(message, Outcome::retry);
    } else {
      note(sent.error());
      // not lost: it is tried here again, and until then the offset stays below it
      spawn([self = shared_from_this(), held, message] { return self->retry_later(held, message); });
      --at_work_;
      stop_wakeup_.notify();
      co_return;
    }
    message.properties[kSentBack] = "true";
  }
  if (!held->given_up()) {
    held->done(std::move(message));
  } else if (unacknowledged_ && outcome == Outcome::success) {
    unacknowledged_(message, moved_away(state->queue));
  }
  state->room.notify();
  --at_work_;
  if (at_work_ == 0) stop_wakeup_.notify();
}

asio::awaitable<void> Consumer::Impl::retry_later(std::shared_ptr<ProcessQueue> held, ReceivedMessage message) {
  asio::steady_timer timer(cluster_->io(), kLocalRetryDelay);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  held->put_back(std::move(message));
  wake_workers();
}

asio::awaitable<void> Consumer::Impl::store(MessageQueue queue, std::int64_t offset) {
  auto result = co_await queues_.commit(queue, offset);
  if (!result) note(result.error());
}

asio::awaitable<void> Consumer::Impl::commits() {
  while (true) {
    co_await commit_wakeup_.wait(config_.commit_interval);
    if (stopped_) co_return;
    std::vector<AssignedPtr> states;
    states.reserve(assigned_.size());
    for (const auto& [queue, state] : assigned_) states.push_back(state);
    for (const AssignedPtr& state : states) {
      if (!state->dropped) co_await commit(state);
    }
  }
}

asio::awaitable<bool> Consumer::Impl::commit(AssignedPtr state) {
  auto held = state->held;
  if (!held || state->committing) co_return false;
  const std::int64_t offset = held->committable();
  const auto now = std::chrono::steady_clock::now();
  const bool again = state->committed_at && now - *state->committed_at >= config_.recommit_interval;
  if (offset <= held->committed() && !again) co_return true;
  state->committing = true;
  auto result = co_await queues_.commit(state->queue, offset);
  state->committing = false;
  if (!result) {
    state->commit_error = result.error();
    note_broker(result.error());
    co_return false;
  }
  state->commit_error.reset();
  state->committed_at = now;
  for (const ReceivedMessage& message : held->committed(offset)) {
    if (acknowledged_ && !message.properties.contains(kSentBack)) acknowledged_(message, Outcome::success);
  }
  co_return true;
}

// The last commit of a queue that is ours no longer: what it does not cover has no known acknowledgement.
asio::awaitable<bool> Consumer::Impl::commit_finally(AssignedPtr state) {
  Wakeup pause(cluster_->io());
  while (state->committing) co_await pause.wait(milliseconds(10));
  const bool committed = co_await commit(state);
  if (state->held) give_up(*state->held, state->commit_error.value_or(moved_away(state->queue)));
  co_return committed;
}

void Consumer::Impl::give_up(ProcessQueue& held, const Error& why) {
  for (const ReceivedMessage& message : held.give_up()) {
    if (unacknowledged_ && !message.properties.contains(kSentBack)) unacknowledged_(message, why);
  }
}

void Consumer::Impl::reset(const std::map<MessageQueue, std::int64_t>& offsets) {
  for (const auto& [queue, offset] : offsets) {
    auto it = assigned_.find(queue);
    if (it == assigned_.end() || it->second->dropped) continue;
    if (it->second->held) give_up(*it->second->held, moved_away(queue));
    it->second->held = std::make_shared<ProcessQueue>(offset);
    it->second->room.notify();
    spawn([self = shared_from_this(), queue = queue, offset = offset] { return self->store(queue, offset); });
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
