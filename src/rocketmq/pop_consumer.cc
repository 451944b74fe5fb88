#include "rocketmq/pop_consumer.h"

#include <deque>
#include <utility>

#include "net/spawn.h"
#include "queueing/subscription.h"
#include "rocketmq/errors_by_source.h"
#include "rocketmq/group_member.h"
#include "rocketmq/identity.h"
#include "rocketmq/message_workers.h"
#include "rocketmq/pop_client.h"
#include "rocketmq/wakeup.h"
#include "wire/pop_receipt.h"

namespace gantry::rocketmq {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kGiveBack{1'000};  // invisible time of what is given back unprocessed
// Name of an error's source, besides each broker's own and the member's.
constexpr std::string_view kPopRoute = "the route";

}  // namespace

class PopConsumer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<Cluster> cluster, PopConsumerConfig config, Handler handler, Acknowledged acknowledged,
       Unacknowledged unacknowledged)
      : cluster_(cluster),
        config_(std::move(config)),
        acknowledged_(std::move(acknowledged)),
        unacknowledged_(std::move(unacknowledged)),
        subscription_(queueing::subscribe(config_.topic, config_.tags, unix_now_ms())),
        pops_(cluster, config_.group),
        member_(cluster, errors_,
                {.group = config_.group,
                 .consume_type = wire::kConsumePop,
                 .from = config_.from,
                 .subscriptions = {subscription_},
                 .heartbeat_interval = config_.heartbeat_interval}),
        workers_(
            cluster->io(), config_.group, std::move(handler), [this] { return next_task(); },
            [this](const Error& error) { member_.note_event(error); }) {}

  asio::awaitable<Result<void>> start();
  void hold() { workers_.hold(); }
  asio::awaitable<void> stop();
  const std::string& client_id() const { return member_.client_id(); }
  std::string last_error() const { return errors_.oldest(); }

 private:
  struct Held {
    std::string address;
    ReceivedMessage message;
    std::chrono::steady_clock::time_point expires;  // then it is visible again: it must not be begun any more
  };
  // One broker of the topic, with a loop of its own.
  struct Source {
    explicit Source(asio::io_context& io) : room(io), retry(io) {}
    std::string name;
    std::deque<Held> held;
    Wakeup room;   // all that was held was begun
    Wakeup retry;  // apart from room, which each message handled of any broker notifies: only stop() ends this delay
  };

  template <class Loop>
  void spawn(Loop loop) {
    net::spawn(cluster_->io(), "a loop of the POP consumer in group " + config_.group, std::move(loop));
  }

  asio::awaitable<void> find_brokers();
  asio::awaitable<void> polls(std::shared_ptr<Source> source);
  asio::awaitable<void> give_back(std::shared_ptr<Source> source);
  std::optional<MessageWorkers::Task> next_task();
  asio::awaitable<void> settle(std::string address, ReceivedMessage message, Outcome outcome);
  void keep(std::string_view source, const Result<void>& result) {
    result ? errors_.clear(source) : errors_.note(source, result.error());
  }

  std::shared_ptr<Cluster> cluster_;
  const PopConsumerConfig config_;
  Acknowledged acknowledged_;
  Unacknowledged unacknowledged_;
  const wire::SubscriptionData subscription_;
  PopClient pops_;
  ErrorsBySource errors_;
  GroupMember member_;
  std::map<std::string, std::shared_ptr<Source>> sources_;  // by broker name
  MessageWorkers workers_;
  std::size_t turn_ = 0;
  bool stopped_ = false;
};

asio::awaitable<Result<void>> PopConsumer::Impl::start() {
  auto self = shared_from_this();
  cluster_->forget_route(config_.topic);
  auto route = co_await cluster_->route(config_.topic);
  if (!route) co_return std::unexpected(route.error());
  std::function<asio::awaitable<void>()> before_heartbeat = [this] { return find_brokers(); };
  auto joined = co_await member_.join(self, std::move(before_heartbeat));
  if (!joined) co_return joined;
  co_await find_brokers();
  workers_.start(config_.concurrency, self);
  co_return Result<void>{};
}

// Each broker that the topic has come to since the last time gets a loop.
asio::awaitable<void> PopConsumer::Impl::find_brokers() {
  auto route = co_await cluster_->route(config_.topic);
  if (!route) {
    errors_.note(kPopRoute, route.error());
    co_return;
  }
  errors_.clear(kPopRoute);
  if (stopped_) co_return;
  for (const MessageQueue& queue : route->read_queues()) {
    if (sources_.contains(queue.broker_name)) continue;
    auto source = std::make_shared<Source>(cluster_->io());
    source->name = queue.broker_name;
    sources_[queue.broker_name] = source;
    spawn([self = shared_from_this(), source] { return self->polls(source); });
  }
}

asio::awaitable<void> PopConsumer::Impl::polls(std::shared_ptr<Source> source) {
  while (!stopped_ && !workers_.holding()) {
    // what waits here is invisible to idle consumers elsewhere: fetch only when it was all begun
    if (!source->held.empty()) {
      co_await source->room.wait(kUntilWoken);
      continue;
    }
    auto route = co_await cluster_->route(config_.topic);
    const std::string* address = route ? route->master(source->name) : nullptr;
    if (address == nullptr) {
      errors_.note(source->name, route ? Error{Errc::unavailable, fmt::format("broker {} has no master", source->name)}
                                       : route.error());
      cluster_->forget_route(config_.topic);
      co_await source->retry.wait(kRetryDelay);
      continue;
    }
    PopRequest request;
    request.broker_name = source->name;
    request.topic = config_.topic;
    request.batch_max = config_.batch_max;
    request.invisible_time = config_.invisible_time;
    request.poll_timeout = config_.poll_timeout;
    request.from_earliest = config_.from == ConsumeFrom::earliest;
    const auto asked = std::chrono::steady_clock::now();
    auto messages = co_await pops_.pop(*address, request, subscription_);
    if (!messages) {
      if (messages.error().code == Errc::cancelled) co_return;
      errors_.note(source->name, messages.error());
      cluster_->forget_route(config_.topic);
      co_await source->retry.wait(kRetryDelay);
      continue;
    }
    errors_.clear(source->name);
    // the invisible time began at the broker, some time after we asked and at most the time that the answer took
    const auto expires =
        std::max(asked, std::chrono::steady_clock::now() - milliseconds(1'000)) + config_.invisible_time * 9 / 10;
    for (ReceivedMessage& message : *messages) {
      if (queueing::matches_tag(subscription_, message.tag)) {
        source->held.push_back(Held{*address, std::move(message), expires});
      } else {
        co_await pops_.ack(*address, message);  // equal hash, other tag: nobody of this group wants it
      }
    }
    if (stopped_) co_await give_back(source);
    workers_.wake();
  }
}

// What was not begun. Taken away before the first of it is given back: stop() and the loop of the source may both be
// here, and each message is given back once.
asio::awaitable<void> PopConsumer::Impl::give_back(std::shared_ptr<Source> source) {
  std::deque<Held> rest = std::exchange(source->held, {});
  for (Held& held : rest) co_await pops_.change_invisible_time(held.address, held.message, kGiveBack);
}

// The brokers in turn.
std::optional<MessageWorkers::Task> PopConsumer::Impl::next_task() {
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t tried = 0; tried < sources_.size(); ++tried) {
    auto it = sources_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(turn_++ % sources_.size()));
    auto& held = it->second->held;
    while (!held.empty() && held.front().expires < now) held.pop_front();
    if (held.empty()) {
      it->second->room.notify();
      continue;
    }
    MessageWorkers::Task task;
    task.message = std::move(held.front().message);
    task.settle = [this, address = std::move(held.front().address)](ReceivedMessage handled, Outcome outcome) {
      return settle(address, std::move(handled), outcome);
    };
    held.pop_front();
    if (held.empty()) it->second->room.notify();
    return task;
  }
  return std::nullopt;
}

asio::awaitable<void> PopConsumer::Impl::settle(std::string address, ReceivedMessage message, Outcome outcome) {
  Result<void> result;
  if (outcome == Outcome::success) {
    result = co_await pops_.ack(address, message);
  } else {
    result = co_await pops_.change_invisible_time(address, message, config_.retry_delay);
  }
  keep("acknowledgements to " + address, result);
  if (result) {
    if (acknowledged_) acknowledged_(message, outcome);
    co_return;
  }
  // it becomes visible again by itself
  if (unacknowledged_ && outcome == Outcome::success) unacknowledged_(message, result.error());
}

asio::awaitable<void> PopConsumer::Impl::stop() {
  auto self = shared_from_this();
  if (stopped_) co_return;
  stopped_ = true;
  member_.retire();
  co_await workers_.stop();
  for (const auto& [name, source] : sources_) {
    source->room.notify();
    source->retry.notify();
  }
  for (const auto& [name, source] : sources_) co_await give_back(source);
  co_await member_.unregister();
}

PopConsumer::PopConsumer(std::shared_ptr<Cluster> cluster, PopConsumerConfig config, Handler handler,
                         Acknowledged acknowledged, Unacknowledged unacknowledged)
    : impl_(std::make_shared<Impl>(std::move(cluster), std::move(config), std::move(handler), std::move(acknowledged),
                                   std::move(unacknowledged))) {}

PopConsumer::~PopConsumer() = default;
asio::awaitable<Result<void>> PopConsumer::start() { return impl_->start(); }
void PopConsumer::hold() { impl_->hold(); }
asio::awaitable<void> PopConsumer::stop() { return impl_->stop(); }
const std::string& PopConsumer::client_id() const { return impl_->client_id(); }
std::string PopConsumer::last_error() const { return impl_->last_error(); }

}  // namespace gantry::rocketmq
