#include "rocketmq/held_message.h"

#include <algorithm>
#include <random>
#include <utility>

#include "net/spawn.h"
#include "queueing/subscription.h"
#include "rocketmq/errors_by_source.h"
#include "rocketmq/group_member.h"
#include "rocketmq/identity.h"
#include "rocketmq/pop_client.h"
#include "rocketmq/wakeup.h"

namespace gantry::rocketmq {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// A poll that is under way cannot be called back: what it brings after cancel() has to be waited for.
constexpr milliseconds kPollOfOneBroker{2'000};
constexpr milliseconds kPollOfSeveral{250};  // while it waits at one broker, the others' messages wait
constexpr milliseconds kGiveBackAtOnce{1};

milliseconds left_until(steady_clock::time_point when) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(when - steady_clock::now()));
}

}  // namespace

class HeldMessage::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::shared_ptr<Cluster> cluster, HeldMessageConfig config)
      : cluster_(cluster),
        config_(std::move(config)),
        subscription_(queueing::subscribe(config_.topic, config_.tags, unix_now_ms())),
        pops_(cluster, config_.group),
        member_(cluster, errors_,
                {.group = config_.group,
                 .consume_type = wire::kConsumePop,
                 .from = config_.from,
                 .subscriptions = {subscription_},
                 .heartbeat_interval = config_.heartbeat_interval}),
        pause_(cluster->io()),
        renewal_(cluster->io()),
        renewed_(cluster->io()) {}

  asio::awaitable<Result<std::optional<ReceivedMessage>>> take(milliseconds wait);
  void cancel() {
    cancelled_ = true;
    pause_.notify();
  }
  const Doubt& doubt() const { return doubt_; }
  asio::awaitable<Result<void>> settle(std::optional<milliseconds> after);
  asio::awaitable<void> leave();

 private:
  struct Master {
    std::string broker_name;
    std::string address;
  };

  asio::awaitable<Result<std::vector<Master>>> masters();
  asio::awaitable<Result<std::optional<ReceivedMessage>>> pop(Master master, milliseconds poll);
  asio::awaitable<void> renewals();

  std::shared_ptr<Cluster> cluster_;
  const HeldMessageConfig config_;
  const wire::SubscriptionData subscription_;
  PopClient pops_;
  ErrorsBySource errors_;
  GroupMember member_;
  Wakeup pause_;    // between two tries of take()
  Wakeup renewal_;  // between two renewals
  Wakeup renewed_;  // the loop of renewals has ended
  bool cancelled_ = false;
  bool joined_ = false;
  bool renewing_ = false;
  bool settling_ = false;
  std::string address_;  // of the broker that gave the message
  std::optional<ReceivedMessage> message_;
  steady_clock::time_point expires_;  // of the message that is held: then others may have it
  Doubt doubt_;
};

asio::awaitable<Result<std::vector<HeldMessage::Impl::Master>>> HeldMessage::Impl::masters() {
  auto route = co_await cluster_->route(config_.topic);
  if (!route) co_return std::unexpected(route.error());
  std::vector<Master> result;
  for (const MessageQueue& queue : route->read_queues()) {
    const bool known = std::ranges::any_of(result, [&](const Master& m) { return m.broker_name == queue.broker_name; });
    const std::string* address = route->master(queue.broker_name);
    if (!known && address != nullptr) result.push_back({queue.broker_name, *address});
  }
  if (result.empty()) co_return fail(Errc::unavailable, "no broker of topic {} has a master", config_.topic);
  // many take one message each: not all of them from the same broker
  std::ranges::shuffle(result, std::minstd_rand(std::random_device{}()));
  co_return result;
}

asio::awaitable<Result<std::optional<ReceivedMessage>>> HeldMessage::Impl::pop(Master master, milliseconds poll) {
  PopRequest request;
  request.broker_name = master.broker_name;
  request.topic = config_.topic;
  request.batch_max = 1;
  request.invisible_time = config_.invisible_time;
  request.poll_timeout = poll;
  request.from_earliest = config_.from == ConsumeFrom::earliest;
  const auto asked = steady_clock::now();
  auto messages = co_await pops_.pop(master.address, request, subscription_);
  if (!messages) co_return std::unexpected(messages.error());
  std::optional<ReceivedMessage> taken;
  for (ReceivedMessage& message : *messages) {
    if (!queueing::matches_tag(subscription_, message.tag)) {
      co_await pops_.ack(master.address, message);  // equal hash, other tag: nobody of this group wants it
    } else if (taken || cancelled_) {
      co_await pops_.change_invisible_time(master.address, message, kGiveBackAtOnce);
    } else {
      taken = std::move(message);
    }
  }
  if (taken) {
    address_ = master.address;
    message_ = taken;
    // the invisible time began at the broker, some time after it was asked
    expires_ = asked + config_.invisible_time;
  }
  co_return taken;
}

asio::awaitable<Result<std::optional<ReceivedMessage>>> HeldMessage::Impl::take(milliseconds wait) {
  const auto deadline = steady_clock::now() + wait;
  std::optional<Error> last;
  milliseconds poll{0};  // first whoever has one now, then whoever gets one
  do {
    auto brokers = co_await masters();
    if (!brokers && brokers.error().code != Errc::unavailable && brokers.error().code != Errc::timeout)
      co_return std::unexpected(brokers.error());
    if (brokers && !joined_ && !cancelled_) {
      auto joined = co_await member_.join(shared_from_this());
      joined_ = joined.has_value();
      if (!joined) brokers = std::unexpected(joined.error());
    }
    bool answered = false;
    for (std::size_t i = 0; brokers && i < brokers->size() && !cancelled_; ++i) {
      auto got = co_await pop((*brokers)[i], std::min(poll, left_until(deadline)));
      if (!got) {
        last = got.error();
        continue;
      }
      answered = true;
      if (!*got) continue;
      renewing_ = true;
      net::spawn(cluster_->io(), "the renewals of a message of group " + config_.group,
                 [self = shared_from_this()] { return self->renewals(); });
      co_return *got;
    }
    if (!brokers) last = brokers.error();
    if (answered) {
      last.reset();
      poll = brokers->size() == 1 ? kPollOfOneBroker : kPollOfSeveral;
    } else if (!cancelled_) {
      if (last && last->code == Errc::permission_denied) break;  // waiting helps nobody
      cluster_->forget_route(config_.topic);
      co_await pause_.wait(std::min(kRetryDelay, left_until(deadline)));
    }
  } while (!cancelled_ && left_until(deadline) > milliseconds(0));
  if (last && !cancelled_) co_return std::unexpected(*last);
  co_return std::optional<ReceivedMessage>{};
}

asio::awaitable<void> HeldMessage::Impl::renewals() {
  milliseconds pause = config_.invisible_time / 3;
  while (true) {
    co_await renewal_.wait(pause);
    if (settling_) break;
    const auto asked = steady_clock::now();
    // asked too late (this process was stopped, or the machine slept): others may have it, even if the broker agrees
    doubt_.expired = doubt_.expired || asked > expires_;
    auto renewed = co_await pops_.change_invisible_time(address_, *message_, config_.invisible_time);
    if (renewed) {
      doubt_.why.clear();
      expires_ = asked + config_.invisible_time;
      pause = config_.invisible_time / 3;
    } else {
      doubt_.why = renewed.error().message;
      doubt_.expired = doubt_.expired || steady_clock::now() > expires_;
      pause = std::min(kRetryDelay, config_.invisible_time / 3);
    }
  }
  renewing_ = false;
  renewed_.notify();
}

// after: when it is to come again; without: it is done.
asio::awaitable<Result<void>> HeldMessage::Impl::settle(std::optional<milliseconds> after) {
  settling_ = true;
  renewal_.notify();
  while (renewing_) co_await renewed_.wait(kUntilWoken);  // a renewal under way changes the receipt
  if (!message_) co_return Result<void>{};
  Result<void> result;
  if (after) {
    result = co_await pops_.change_invisible_time(address_, *message_, std::max(kGiveBackAtOnce, *after));
  } else {
    result = co_await pops_.ack(address_, *message_);
    // no renewal may have been due since: the last one, or the POP itself, counts
    doubt_.expired = doubt_.expired || steady_clock::now() > expires_;
  }
  co_return result;
}

asio::awaitable<void> HeldMessage::Impl::leave() {
  settling_ = true;
  renewal_.notify();
  while (renewing_) co_await renewed_.wait(kUntilWoken);
  member_.retire();
  co_await member_.unregister();
}

HeldMessage::HeldMessage(std::shared_ptr<Cluster> cluster, HeldMessageConfig config)
    : impl_(std::make_shared<Impl>(std::move(cluster), std::move(config))) {}
HeldMessage::~HeldMessage() = default;

asio::awaitable<Result<std::optional<ReceivedMessage>>> HeldMessage::take(milliseconds wait) {
  return impl_->take(wait);
}
void HeldMessage::cancel() { impl_->cancel(); }
const HeldMessage::Doubt& HeldMessage::doubt() const { return impl_->doubt(); }
asio::awaitable<Result<void>> HeldMessage::acknowledge() { return impl_->settle(std::nullopt); }
asio::awaitable<Result<void>> HeldMessage::give_back(milliseconds after) { return impl_->settle(after); }
asio::awaitable<void> HeldMessage::leave() { return impl_->leave(); }

}  // namespace gantry::rocketmq
