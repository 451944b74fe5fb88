// Reading the messages of one queue for one answer: the loop that pull, POP and orderly POP share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "queueing/subscription.h"
#include "store/queue_reader.h"

namespace gantry::broker {

struct ScanLimits {
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;    // of the records taken; the first message of an answer comes whatever its size
  std::size_t bytes_taken = 0;  // by the same answer from other queues
  // Looked at when a filter matches few, so that one request does not keep the thread.
  static constexpr std::size_t kScannedMax = 1'024;
};

struct Scanned {
  std::int64_t next = 0;       // where to go on: everything before it was taken or is not wanted
  std::optional<Error> error;  // why it went no further, when the disk cannot be read
};

// Calls take(queue offset, record) for each message from `from` on that the subscription wants, until a limit or the
// end is reached or the disk fails; what retention deletes in this moment is passed over. A record is valid until
// take() returns.
template <class Take>
Scanned scan_queue(store::MessageLog& log, const store::Queue& queue, std::int64_t from,
                   const queueing::Subscription& subscription, ScanLimits limits, Take&& take) {
  Scanned scanned{from, {}};
  std::size_t messages = 0;
  std::size_t looked_at = 0;
  const std::size_t likely = subscription.code_set.empty() ? limits.messages_max : 1;
  store::QueueReader reader(log, queue, from, likely);
  for (; messages < limits.messages_max && reader.next(); ++looked_at) {
    if (looked_at >= ScanLimits::kScannedMax) break;
    if (queueing::matches_code(subscription, reader.entry().tags_code)) {
      if (limits.bytes_taken > 0 && limits.bytes_taken + reader.entry().size > limits.bytes_max) break;
      const std::string_view record = reader.record();
      if (record.empty() && reader.error()) break;
      if (!record.empty()) {
        take(reader.offset(), record);
        limits.bytes_taken += record.size();
        ++messages;
      }
    }
    scanned.next = reader.offset() + 1;
  }
  scanned.error = reader.error();
  return scanned;
}

}  // namespace gantry::broker
