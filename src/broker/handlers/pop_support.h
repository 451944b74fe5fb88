// What the POP handlers share.
#pragma once

#include <cstdint>
#include <string>

#include "broker/context.h"
#include "broker/pops.h"
#include "wire/pop_receipt.h"

namespace gantry::broker {

inline constexpr std::int64_t kInvisibleMsMax = 72LL * 3600 * 1000;  // longer than any message is kept by default

inline constexpr std::int64_t kPollMsMax = 120'000;  // how long a pop or a notification may wait

// Which queue of which group a receipt is about, checked against what there is. nullopt: the request was answered.
// `topic` as the request names it, which for retried messages is the retry topic already.
std::optional<Pops::Key> key_of_receipt(BrokerContext& broker, remoting::Reply& reply, const std::string& group,
                                        const std::string& topic, std::int32_t queue_id, std::int64_t offset);

inline queueing::PopBatchId batch_id(const wire::PopReceipt& receipt) {
  return {receipt.start_offset, receipt.pop_time_ms};
}

}  // namespace gantry::broker
