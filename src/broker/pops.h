// POP in this broker: what each group has in flight, kept in memory and in the store's settings; messages that come back
// when their time is over; and orderly POP. Handlers ask it for messages and tell it what was acknowledged.
// Rule: org.apache.rocketmq.broker.processor.PopMessageProcessor, PopReviveService, AckMessageProcessor.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "broker/groups.h"
#include "broker/messages.h"
#include "broker/offsets.h"
#include "broker/pop_settings.h"
#include "broker/topics.h"
#include "net/alarm.h"
#include "net/log_limit.h"
#include "queueing/ordered_pop.h"
#include "queueing/pop_queue.h"
#include "queueing/subscription.h"
#include "store/store.h"
#include "wire/pop_receipt.h"

namespace gantry::broker {

class Pops {
 public:
  static constexpr std::size_t kMessagesMax = 32;            // of one answer, as Java's
  static constexpr std::size_t kBytesMax = 4 * 1024 * 1024;  // of one answer, except for its first message

  using Key = PopKey;

  struct Wanted {
    std::string group;
    std::string topic;  // as asked for; the retry topic's messages are shown under it
    std::size_t max_messages = kMessagesMax;
    std::int64_t invisible_ms = 0;
    std::int64_t pop_time_ms = 0;
    bool from_max = false;  // where a group without an offset begins: the newest message, else the oldest
    bool order = false;
    std::string attempt_id;
    queueing::Subscription subscription;
    std::string broker_name;
  };
  struct Found {
    std::string body;  // records, one after the other
    std::size_t messages = 0;
    std::int64_t rest = 0;  // messages not yet handed out
    std::vector<wire::PopStartOffset> starts;
    std::vector<wire::PopMessageOffsets> offsets;
    std::vector<wire::PopOrderCount> order_counts;
    std::optional<Error> error;  // a queue could not be read to the end: the first such
  };

  Pops(boost::asio::io_context& io, store::Store& store, Topics& topics, Groups& groups, Offsets& offsets,
       Messages& messages);
  ~Pops() { *alive_ = false; }

  Result<void> load();
  // For a start that found messages lost: as Offsets::forget_lost.
  void forget_lost();
  void start();                   // begins to bring back what is due
  void stop() { alarm_.stop(); }  // what the store writes last is still collected here

  // Adds messages of one queue to `found`, up to what is wanted, and takes note of them; durable with the turn.
  void take(Topic& topic, std::int32_t queue_id, const Wanted& wanted, Found& found);
  // Whether take() would find a message.
  bool has_messages(Topic& topic, std::int32_t queue_id, const Wanted& wanted);

  // False: not in flight under that receipt; the message was acknowledged before, or comes back as a retry message.
  bool ack(const Key& key, const queueing::PopBatchId& id, std::int64_t offset);
  // The new id of the message's own batch; nullopt as ack's false.
  std::optional<queueing::PopBatchId> renew(const Key& key, const queueing::PopBatchId& id, std::int64_t offset,
                                            std::int64_t invisible_ms);
  queueing::OrderedPop::Ack ack_ordered(const Key& key, std::int64_t offset, std::int64_t pop_time_ms);
  queueing::OrderedPop::Ack renew_ordered(const Key& key, std::int64_t offset, std::int64_t pop_time_ms,
                                          std::int64_t visible_at_ms);

  // Handed out and not acknowledged; nullopt: the group does not POP from this queue.
  std::optional<std::int64_t> in_flight(const Key& key) const;
  // Where the next pop begins; nullopt as above.
  std::optional<std::int64_t> next_offset(const Key& key) const;
  void reset(const Key& key, std::int64_t offset);            // the group's offset was set by hand
  void remove(const std::function<bool(const Key&)>& which);  // a topic or group was deleted

  // Called when a queue may have messages again for who waits: revived, or no longer blocked.
  std::function<void(std::string_view topic, std::int32_t queue_id)> on_available;

 private:
  struct State {
    std::uint64_t number = 0;  // never used again
    queueing::PopQueue queue;
    std::unique_ptr<queueing::OrderedPop> ordered;
    std::int64_t revive_again_ms = 0;    // how long a batch waits that could not be brought back
    std::optional<std::int64_t> due_ms;  // under which it stands in due_
    // Changed since it was last written; may name a batch twice, or one that is gone.
    std::vector<queueing::PopBatchId> changed;
    bool marked = false;  // it stands in marked_
    bool moved = false;   // where the group stands may have changed
    std::int64_t saved_next_offset = -1;
  };
  using States = std::map<Key, State>;

  State& open(const Key& key, Topic& topic, bool from_max);
  std::int64_t initial_offset(const Key& key, Topic& topic, bool from_max);
  // Takes messages of one queue for `found`; returns where to go on.
  std::int64_t scan(const store::Queue& queue, std::int64_t start, const Wanted& wanted, Found& found,
                    const std::function<void(std::int64_t offset, std::string_view record)>& take);
  void take_ordered(const Key& key, State& state, Topic& topic, const Wanted& wanted, Found& found);
  void add_record(std::string_view record, const Key& key, const Wanted& wanted, std::int64_t start_offset,
                  Found& found);
  // Takes note that the state changed; many changes of a turn are written once, with the turn.
  void mark(const Key& key, State& state);
  void mark(const Key& key, State& state, queueing::PopBatchId changed);
  void write_marked();
  void write(const Key& key, State& state);
  void schedule(const Key& key, State& state);
  void arm();
  void revive_due();
  void finish_revival(const Key& key, std::uint64_t state, queueing::PopBatch left);
  void not_revived(const Key& key, std::int64_t offset, const Error& error);
  Result<void> revive(const Key& key, std::int64_t offset, std::int64_t pop_time_ms);

  store::Store& store_;
  Topics& topics_;
  Groups& groups_;
  Offsets& offsets_;
  Messages& messages_;
  States states_;
  std::uint64_t next_state_ = 1;
  std::vector<Key> marked_;
  std::set<std::pair<std::int64_t, Key>> due_;
  net::Alarm alarm_;
  bool started_ = false;
  net::LogLimit not_revived_log_{std::chrono::seconds(10)};
  // what waits for the store may be called when this is gone
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gantry::broker
