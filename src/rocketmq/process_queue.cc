#include "rocketmq/process_queue.h"

#include <algorithm>
#include <utility>

namespace gantry::rocketmq {

void ProcessQueue::put(std::vector<ReceivedMessage> messages, std::int64_t next) {
  for (ReceivedMessage& message : messages) {
    // a broker that answers with what we did not ask for must not make the committed offset go back
    if (message.queue_offset < next_offset_) continue;
    if (!pending_.insert(message.queue_offset).second) continue;
    bytes_ += message.body.size();
    ready_.push_back(std::move(message));
  }
  next_offset_ = std::max(next_offset_, next);
}

std::optional<ReceivedMessage> ProcessQueue::take() {
  if (ready_.empty()) return std::nullopt;
  ReceivedMessage message = std::move(ready_.front());
  ready_.pop_front();
  bytes_ -= message.body.size();
  return message;
}

void ProcessQueue::done(ReceivedMessage message) {
  const std::int64_t offset = message.queue_offset;
  if (pending_.erase(offset) == 0) return;
  processed_.emplace(offset, std::move(message));
}

void ProcessQueue::put_back(ReceivedMessage message) {
  if (!pending_.contains(message.queue_offset)) return;
  bytes_ += message.body.size();
  ready_.push_front(std::move(message));
}

std::vector<ReceivedMessage> ProcessQueue::committed(std::int64_t offset) {
  committed_ = std::max(committed_, offset);
  std::vector<ReceivedMessage> covered;
  const auto end = processed_.lower_bound(committed_);
  for (auto it = processed_.begin(); it != end; ++it) covered.push_back(std::move(it->second));
  processed_.erase(processed_.begin(), end);
  return covered;
}

std::vector<ReceivedMessage> ProcessQueue::give_up() {
  given_up_ = true;
  std::vector<ReceivedMessage> rest;
  rest.reserve(processed_.size());
  for (auto& [offset, message] : processed_) rest.push_back(std::move(message));
  processed_.clear();
  return rest;
}

}  // namespace gantry::rocketmq
