// One queue of a topic, as long as it is assigned to a classic consumer: it is read by long polls, what was read waits
// for the consumer's workers, and the offset below which everything was processed is committed. When the queue goes
// away, or the offset is moved from outside, every message that was processed and has no known acknowledgement is told.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rocketmq/consumer.h"
#include "rocketmq/message_workers.h"
#include "rocketmq/process_queue.h"
#include "rocketmq/queue_client.h"
#include "rocketmq/wakeup.h"
#include "wire/bodies/consumer.h"

namespace gantry::rocketmq {

class AssignedQueue : public std::enable_shared_from_this<AssignedQueue> {
 public:
  // The consumer, as its queues see it. What it is told must not throw.
  class Listener {
   public:
    virtual void acknowledged(const ReceivedMessage& message, Outcome outcome) = 0;
    virtual void unacknowledged(const ReceivedMessage& message, const Error& why) = 0;
    virtual void ready() = 0;  // messages came: workers may take some
    // To be shown until it worked; what failed is tried again. `source`: which activity of which queue.
    virtual void failed(std::string_view source, const Error& error) = 0;
    virtual void broker_failed(std::string_view source, const Error& error) = 0;  // it may have forgotten us
    virtual void worked(std::string_view source) = 0;

   protected:
    ~Listener() = default;
  };

  // What all queues of one consumer share.
  struct Shared {
    std::shared_ptr<Cluster> cluster;
    ConsumerConfig config;
    QueueClient client;
    std::weak_ptr<Listener> listener;  // a queue whose last poll is under way can outlive the consumer
  };

  AssignedQueue(std::shared_ptr<Shared> shared, MessageQueue queue, wire::SubscriptionData subscription);

  const MessageQueue& queue() const { return queue_; }
  // What is known of it, for who asks the client (307).
  wire::ProcessQueueInfo info() const;
  // Begins to read after `delay`.
  void start(std::chrono::milliseconds delay);
  // The next message, and what makes it processed or sends it back. Empty: nothing is ready.
  std::optional<MessageWorkers::Task> take();
  // Goes on at another offset. What was read before counts no more.
  void reset(std::int64_t offset);
  // Begins to tell the broker what is processed, unless it knows or a commit is under way. Nobody waits for the end of
  // it: a broker that hangs delays the commits of its own queues only.
  void begin_commit();

  // No reading any more. commit_finally() or hand_over() must follow.
  void drop();
  bool dropped() const { return dropped_; }
  // The last commit, when nothing is at hand any more.
  boost::asio::awaitable<bool> commit_finally();
  // Commits what is done, and once more when the messages at hand are done, as long as the next owner does not read yet:
  // a later commit could throw the new owner's back.
  boost::asio::awaitable<void> hand_over();

 private:
  template <class Loop>
  void spawn(Loop loop);
  template <class Event, class... Args>
  void tell(Event event, const Args&... args);
  boost::asio::awaitable<void> reads(std::chrono::milliseconds delay);
  boost::asio::awaitable<bool> read();
  boost::asio::awaitable<Result<std::int64_t>> first_offset();
  bool has_room() const;
  boost::asio::awaitable<void> settle(std::shared_ptr<ProcessQueue> held, ReceivedMessage message, Outcome outcome);
  boost::asio::awaitable<void> retry_later(std::shared_ptr<ProcessQueue> held, ReceivedMessage message);
  boost::asio::awaitable<void> store(std::int64_t offset);
  boost::asio::awaitable<void> commit_if_ours();
  boost::asio::awaitable<bool> commit();
  bool committing() const { return committing_; }
  bool at_work() const { return held_ && held_->at_hand() > 0; }
  boost::asio::awaitable<void> wait_while(bool (AssignedQueue::*busy)() const,
                                          std::chrono::steady_clock::time_point until);
  void give_up(ProcessQueue& held);

  const std::shared_ptr<Shared> shared_;
  const MessageQueue queue_;
  const wire::SubscriptionData subscription_;
  const std::string reading_, storing_, sending_back_;  // sources of errors
  std::shared_ptr<ProcessQueue> held_;  // empty until the first offset is known; a reset puts another one there
  Wakeup room_;                         // messages were taken: there may be room for more
  Wakeup pause_;                        // a delay before the next try; only drop() ends it
  Wakeup progress_;                     // a commit or a message at hand ended: for who gives the queue up
  long long pulled_at_ms_ = 0;          // Unix time of the last poll's beginning
  bool dropped_ = false;
  bool committing_ = false;
  std::optional<std::chrono::steady_clock::time_point> committed_at_;  // by us, or read as such; empty: never
  std::optional<Error> commit_error_;                                  // of the last commit; empty: it was acknowledged
};

}  // namespace gantry::rocketmq
