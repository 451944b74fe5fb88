// Delay levels: how long a message waits before it is delivered (again). Rule: messageDelayLevel of the Apache broker;
// level 1 is the first entry, and a message that a consumer sends back for the n-th time waits level 3 + n.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gantry::queueing {

class DelayLevels {
 public:
  static constexpr std::string_view kDefault = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

  // Words of a positive number and a unit (s, m, h, d), separated by spaces; 1 to 64 of them.
  static Result<DelayLevels> parse(std::string_view text);
  static DelayLevels defaults();

  int max_level() const { return static_cast<int>(delays_ms_.size()); }
  // 0 for level 0 and below; levels above the last count as the last.
  std::int64_t delay_ms(int level) const;
  // The level for a send-back. `asked`: from the request: 0 lets the broker choose by `reconsume_times` so far.
  int retry_level(int asked, int reconsume_times) const;

 private:
  std::vector<std::int64_t> delays_ms_;
};

// What becomes of a message that a consumer could not process.
enum class SendBack { retry, dead_letter };

// Rule: AbstractSendMessageProcessor.consumerSendMsgBack: dead letter once it was consumed max_reconsume_times times
// (a group's retryMaxTimes, 16 by default), or when the consumer asks for it by a negative delay level.
SendBack send_back_verdict(int asked_delay_level, int reconsume_times, int max_reconsume_times);

}  // namespace gantry::queueing
