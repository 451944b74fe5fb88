// What a consumer holds of one queue: messages fetched and not yet taken, messages at hand, and from both the offset
// that may be committed: everything below it was processed. Bounded by its caller through buffered()/buffered_bytes().
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "rocketmq/message.h"

namespace gantry::rocketmq {

class ProcessQueue {
 public:
  // offset: of the first message to be fetched.
  explicit ProcessQueue(std::int64_t offset) : next_offset_(offset), committed_(offset) {}

  // Messages fetched from next_offset(); `next` is where the following fetch begins. Messages that a filter left out
  // between count as processed.
  void put(std::vector<ReceivedMessage> messages, std::int64_t next);
  std::optional<ReceivedMessage> take();
  // Processed, and to be told when a commit covers it.
  void done(ReceivedMessage message);
  // Processed, and told already, as a message is that was sent back: no commit returns it.
  void settled(std::int64_t offset) { pending_.erase(offset); }
  // The message goes back to the front, to be taken again.
  void put_back(ReceivedMessage message);

  std::int64_t next_offset() const { return next_offset_; }
  // Every message below it is processed.
  std::int64_t committable() const { return pending_.empty() ? next_offset_ : *pending_.begin(); }
  std::int64_t committed() const { return committed_; }
  // The broker acknowledged the commit of `offset`: returns those that were done below it, in order.
  std::vector<ReceivedMessage> committed(std::int64_t offset);
  // Nothing of it will be committed any more. Returns what was done and is not known to be committed, in order.
  std::vector<ReceivedMessage> give_up();
  bool given_up() const { return given_up_; }

  std::size_t buffered() const { return ready_.size(); }
  std::size_t buffered_bytes() const { return bytes_; }
  std::size_t at_hand() const { return pending_.size() - ready_.size(); }

 private:
  std::int64_t next_offset_;
  std::int64_t committed_;
  std::size_t bytes_ = 0;
  bool given_up_ = false;
  std::deque<ReceivedMessage> ready_;
  std::set<std::int64_t> pending_;                     // offsets fetched and not processed, at hand or not
  std::map<std::int64_t, ReceivedMessage> processed_;  // done, but not known to be committed
};

}  // namespace gantry::rocketmq
