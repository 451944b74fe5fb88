#include "rocketmq/assigned_queue.h"

#include <utility>

#include "net/spawn.h"
#include "rocketmq/identity.h"

namespace gantry::rocketmq {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kLocalRetryDelay{5'000};  // a message that could not be sent back; Java's delay as well
// For the answer to a commit when the queue goes away. A commit ends earlier by the timeouts of its requests.
constexpr milliseconds kCommitMax{10'000};

std::string name_of(const MessageQueue& queue) {
  return fmt::format("queue {} of {} on broker {}", queue.queue_id, queue.topic, queue.broker_name);
}

}  // namespace

AssignedQueue::AssignedQueue(std::shared_ptr<Shared> shared, MessageQueue queue, wire::SubscriptionData subscription)
    : shared_(std::move(shared)),
      queue_(std::move(queue)),
      subscription_(std::move(subscription)),
      reading_(fmt::format("reading {}", name_of(queue_))),
      storing_(fmt::format("committing {}", name_of(queue_))),
      sending_back_(fmt::format("sending back from {}", name_of(queue_))),
      room_(shared_->cluster->io()),
      pause_(shared_->cluster->io()),
      progress_(shared_->cluster->io()) {}

template <class Loop>
void AssignedQueue::spawn(Loop loop) {
  net::spawn(shared_->cluster->io(), "a queue of the consumer in group " + shared_->config.group, std::move(loop));
}

template <class Event, class... Args>
void AssignedQueue::tell(Event event, const Args&... args) {
  if (const auto listener = shared_->listener.lock()) ((*listener).*event)(args...);
}

void AssignedQueue::start(milliseconds delay) {
  spawn([self = shared_from_this(), delay] { return self->reads(delay); });
}

// ---- reading

asio::awaitable<Result<std::int64_t>> AssignedQueue::first_offset() {
  auto committed = co_await shared_->client.committed(queue_);
  if (!committed) co_return std::unexpected(committed.error());
  if (*committed) {
    // ours from now on: a late commit of who had the queue before must not stand
    committed_at_ = steady_clock::now();
    co_return **committed;
  }
  // the retry topic is read from its start in any case: what is in it was sent there for us
  if (shared_->config.from == ConsumeFrom::latest && queue_.topic == shared_->config.topic) {
    co_return co_await shared_->client.max_offset(queue_);
  }
  auto min = co_await shared_->client.min_offset(queue_);
  if (min && *min < 0) co_return std::int64_t{0};
  co_return min;
}

bool AssignedQueue::has_room() const {
  const ConsumerConfig& config = shared_->config;
  if (config.mode == ConsumeMode::pull) return held_->buffered() == 0 && held_->at_hand() == 0;
  return held_->buffered() < config.prefetch_max && held_->buffered_bytes() < config.prefetch_bytes_max;
}

asio::awaitable<void> AssignedQueue::reads(milliseconds delay) {
  if (delay.count() > 0) co_await pause_.wait(delay);
  while (!dropped_ && !held_) {
    auto offset = co_await first_offset();
    if (offset && !held_) {
      held_ = std::make_shared<ProcessQueue>(*offset);
    } else if (!offset) {
      tell(&Listener::failed, reading_, offset.error());
      co_await pause_.wait(kRetryDelay);
    }
  }
  bool reading = true;
  while (!dropped_ && reading) {
    if (has_room()) {
      reading = co_await read();
    } else {
      co_await room_.wait(kUntilWoken);
    }
  }
}

// One poll. False: the client was stopped.
wire::ProcessQueueInfo AssignedQueue::info() const {
  wire::ProcessQueueInfo info;
  info.dropped = dropped_;
  info.last_pull_timestamp_ms = pulled_at_ms_;
  if (!held_) return info;
  info.commit_offset = held_->committed();
  info.cached_msg_count = static_cast<std::int32_t>(held_->buffered() + held_->at_hand());
  info.cached_msg_size_in_mi_b = static_cast<std::int32_t>(held_->buffered_bytes() >> 20);
  if (info.cached_msg_count > 0) {
    info.cached_msg_min_offset = held_->committable();
    info.cached_msg_max_offset = held_->next_offset() - 1;
  }
  return info;
}

asio::awaitable<bool> AssignedQueue::read() {
  auto held = held_;
  pulled_at_ms_ = unix_now_ms();
  auto answer = co_await shared_->client.pull(queue_, held->next_offset(), subscription_, shared_->config.batch_max,
                                              shared_->config.poll_timeout);
  if (dropped_ || held != held_) co_return true;
  if (!answer) {
    if (answer.error().code == Errc::cancelled) co_return false;
    tell(&Listener::broker_failed, reading_, answer.error());
    co_await pause_.wait(kRetryDelay);
    co_return true;
  }
  tell(&Listener::worked, reading_);
  if (answer->status == PullAnswer::Status::offset_moved) {
    // the broker says where to go on: below its minimum or beyond its maximum there is nothing
    held_ = std::make_shared<ProcessQueue>(answer->next_offset);
    give_up(*held);
    co_await shared_->client.commit(queue_, answer->next_offset);
    co_return true;
  }
  held->put(std::move(answer->messages), answer->next_offset);
  if (held->buffered() > 0) tell(&Listener::ready);
  co_return true;
}

void AssignedQueue::reset(std::int64_t offset) {
  if (held_) give_up(*held_);
  held_ = std::make_shared<ProcessQueue>(offset);
  room_.notify();
  progress_.notify();
  spawn([self = shared_from_this(), offset] { return self->store(offset); });
}

asio::awaitable<void> AssignedQueue::store(std::int64_t offset) {
  auto result = co_await shared_->client.commit(queue_, offset);
  result ? tell(&Listener::worked, storing_) : tell(&Listener::failed, storing_, result.error());
}

// ---- handling

std::optional<MessageWorkers::Task> AssignedQueue::take() {
  std::optional<ReceivedMessage> message = held_ ? held_->take() : std::nullopt;
  if (!message) return std::nullopt;
  room_.notify();
  MessageWorkers::Task task;
  task.message = std::move(*message);
  task.settle = [self = shared_from_this(), held = held_](ReceivedMessage handled, Outcome outcome) {
    return self->settle(held, std::move(handled), outcome);
  };
  return task;
}

asio::awaitable<void> AssignedQueue::settle(std::shared_ptr<ProcessQueue> held, ReceivedMessage message,
                                            Outcome outcome) {
  if (outcome == Outcome::retry) {
    auto sent = co_await shared_->client.send_back(message, shared_->config.reconsume_times_max);
    if (!sent) {
      tell(&Listener::failed, sending_back_, sent.error());
      // not lost: it is tried here again, and until then the offset stays below it
      spawn([self = shared_from_this(), held, message] { return self->retry_later(held, message); });
      co_return;
    }
    tell(&Listener::worked, sending_back_);
    tell(&Listener::acknowledged, message, Outcome::retry);
    held->settled(message.queue_offset);
  } else {
    held->done(std::move(message));
    if (held->given_up()) give_up(*held);
  }
  room_.notify();
  progress_.notify();
}

asio::awaitable<void> AssignedQueue::retry_later(std::shared_ptr<ProcessQueue> held, ReceivedMessage message) {
  asio::steady_timer timer(shared_->cluster->io(), kLocalRetryDelay);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  held->put_back(std::move(message));
  progress_.notify();
  tell(&Listener::ready);
}

// ---- committing

void AssignedQueue::begin_commit() {
  if (committing_) return;
  spawn([self = shared_from_this()] { return self->commit_if_ours(); });
}

// Who gives the queue up commits by itself.
asio::awaitable<void> AssignedQueue::commit_if_ours() {
  if (!dropped_) co_await commit();
}

// False: the broker did not take it, or a commit is under way.
asio::awaitable<bool> AssignedQueue::commit() {
  auto held = held_;
  if (!held || committing_) co_return false;
  const std::int64_t offset = held->committable();
  const auto now = steady_clock::now();
  const bool again = committed_at_ && now - *committed_at_ >= shared_->config.recommit_interval;
  if (offset <= held->committed() && !again) co_return true;
  committing_ = true;
  auto result = co_await shared_->client.commit(queue_, offset);
  committing_ = false;
  progress_.notify();
  if (!result) {
    commit_error_ = result.error();
    tell(&Listener::broker_failed, storing_, result.error());
    co_return false;
  }
  commit_error_.reset();
  tell(&Listener::worked, storing_);
  committed_at_ = now;
  for (const ReceivedMessage& message : held->committed(offset)) {
    tell(&Listener::acknowledged, message, Outcome::success);
  }
  co_return true;
}

asio::awaitable<void> AssignedQueue::wait_while(bool (AssignedQueue::*busy)() const, steady_clock::time_point until) {
  for (auto now = steady_clock::now(); (this->*busy)() && now < until; now = steady_clock::now()) {
    co_await progress_.wait(std::chrono::ceil<milliseconds>(until - now));
  }
}

void AssignedQueue::drop() {
  dropped_ = true;
  room_.notify();
  pause_.notify();
}

asio::awaitable<bool> AssignedQueue::commit_finally() {
  co_await wait_while(&AssignedQueue::committing, steady_clock::now() + kCommitMax);
  const bool committed = co_await commit();
  if (held_) give_up(*held_);
  co_return committed;
}

asio::awaitable<void> AssignedQueue::hand_over() {
  const auto until = steady_clock::now() + shared_->config.handover_delay / 2;
  co_await commit();
  co_await wait_while(&AssignedQueue::at_work, until);
  if (steady_clock::now() < until) {
    co_await commit_finally();
  } else {
    co_await wait_while(&AssignedQueue::committing, steady_clock::now() + kCommitMax);
    if (held_) give_up(*held_);
  }
  for (const std::string& source : {reading_, storing_, sending_back_})
    tell(&Listener::worked, source);  // another's from now on
}

void AssignedQueue::give_up(ProcessQueue& held) {
  const Error why = commit_error_.value_or(
      Error{Errc::unavailable, fmt::format("{} was given up before the commit", name_of(queue_))});
  for (const ReceivedMessage& message : held.give_up()) {
    tell(&Listener::unacknowledged, message, why);
  }
}

}  // namespace gantry::rocketmq
