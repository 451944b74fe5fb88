// Putting messages into queues: what a message is filed under (tag, keys, unique id), whether it waits first (delay
// levels, timers), and its record. The one way in for sends, send-backs, POP revival and transactions.
// Rule: org.apache.rocketmq.store.MessageExtEncoder, broker.schedule.ScheduleMessageService.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "broker/config.h"
#include "broker/topics.h"
#include "net/alarm.h"
#include "queueing/delay_levels.h"
#include "store/store.h"
#include "wire/message.h"

namespace gantry::broker {

class Messages {
 public:
  Messages(boost::asio::io_context& io, store::Store& store, Topics& topics, const Config& config,
           queueing::DelayLevels delay_levels, wire::Host store_host);

  struct Stored {
    std::uint64_t physical_offset = 0;
    std::int64_t queue_offset = 0;
    std::int64_t store_time_ms = 0;
  };
  // Appends to `topic`, or keeps the message until its time when its properties ask for that. The message is durable,
  // and visible, only when Store::when_durable says so. `message`: everything but topic, queue, offsets, store time and
  // store host. Errors: invalid_argument (too large, timer too far), resource_exhausted (disk), unavailable.
  Result<Stored> put(Topic& topic, std::int32_t queue_id, wire::MessageView message);

  // As put, without looking at delays: what is due now.
  Result<Stored> put_now(Topic& topic, std::int32_t queue_id, wire::MessageView message);

  std::string message_id(std::uint64_t physical_offset) const;  // the offset message id
  const queueing::DelayLevels& delay_levels() const { return delay_levels_; }
  const wire::Host& store_host() const { return store_host_; }

  // How many messages wait for their time, timers and delay levels alike, by the topic that they are for; topics without
  // any are not there. A message is counted from when it is durable until it is durable in its topic.
  const std::map<std::string, std::int64_t, std::less<>>& waiting() const { return waiting_; }

  Result<void> load();  // counts what waits: reads every stored timer once
  void start();         // begins to deliver what is due
  void stop() {
    *alive_ = false;
    alarm_.stop();
  }

 private:
  Result<Stored> put_later(Topic& topic, std::int32_t queue_id, const wire::MessageView& message, std::int64_t due_ms,
                           std::string_view waiting_topic, std::int32_t waiting_queue);
  void arm(std::int64_t due_ms);
  void arm_next(std::int64_t from_ms);
  void wait_durable(std::int64_t due_ms, std::string topic);
  void deliver_due();
  // Adds the topic that it was counted under to `delivered`.
  bool deliver(const store::Store::Timer& timer, std::vector<std::string>& delivered);
  void no_longer_waiting(const std::string& topic);

  store::Store& store_;
  Topics& topics_;
  const Config& config_;
  queueing::DelayLevels delay_levels_;
  wire::Host store_host_;
  std::string_view last_record_;  // that was put, until the next is
  net::Alarm alarm_;
  std::map<std::string, std::int64_t, std::less<>> waiting_;
  std::int64_t delivered_until_ms_ = 0;  // where the search for due timers begins: no durable one is before
  bool delivering_ = false;              // what was delivered is not durable yet: its timers are still seen
  // what waits for the store may be called when this is gone
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gantry::broker
