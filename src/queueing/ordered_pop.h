// POP in order: one batch of a queue at a time; the next one waits until every message of it is acknowledged or its
// time is over, and then begins at the first message that was not. Rule: ConsumerOrderInfoManager.OrderInfo.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::queueing {

class OrderedPop {
 public:
  // True while the last batch keeps the queue. The same client trying again after a lost answer (equal, non-empty
  // attempt ids) is never blocked by its own batch.
  bool blocked(std::string_view attempt_id, std::int64_t now_ms) const;

  // The batch just handed out: ascending offsets, 1 to 64. Counts how often each message was handed out before.
  void handed_out(std::string_view attempt_id, std::vector<std::int64_t> offsets, std::int64_t pop_time_ms,
                  std::int64_t invisible_ms);
  // Times that `offset` was handed out before the current batch; 0 at first.
  std::int32_t consumed_times(std::int64_t offset) const;

  enum class Ack { done, stale, unknown };  // stale: of an earlier batch; unknown: not in the current one
  Ack ack(std::int64_t offset, std::int64_t pop_time_ms);
  Ack renew(std::int64_t offset, std::int64_t pop_time_ms, std::int64_t visible_at_ms);

  // Where the group stands: the first message not acknowledged, or behind the batch. nullopt before any batch.
  std::optional<std::int64_t> next_offset() const;
  std::size_t in_flight(std::int64_t now_ms) const;  // 0 once the batch's time is over
  // When blocked() may change by time alone.
  std::optional<std::int64_t> next_visible_ms() const;

 private:
  std::optional<std::size_t> index_of(std::int64_t offset) const;
  bool acked(std::size_t index) const { return (acked_ >> index & 1) != 0; }

  std::string attempt_id_;
  std::int64_t pop_time_ms_ = 0;
  std::vector<std::int64_t> offsets_;
  std::vector<std::int64_t> visible_at_ms_;  // of each message
  std::uint64_t acked_ = 0;
  std::map<std::int64_t, std::int32_t> consumed_times_;
};

}  // namespace gantry::queueing
