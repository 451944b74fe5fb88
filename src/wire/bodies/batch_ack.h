// Acknowledgement of many popped messages at once: the body of BATCH_ACK_MESSAGE (200151).
// Rule: org.apache.rocketmq.remoting.protocol.body.BatchAckMessageRequestBody, BatchAck (whose members have
// one-letter names) and BitSetSerializerDeserializer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "wire/body.h"

namespace gantry::wire {

// Java's BitSet, as toByteArray gives it: bit n is bit n % 8 of byte n / 8. In JSON it is base64.
class BitSet {
 public:
  static constexpr std::size_t kBitsMax = 64 * 1024;  // set() beyond it is ignored, reading more fails

  BitSet() = default;
  static BitSet from_bytes(std::string_view bytes);

  void set(std::size_t bit);
  bool test(std::size_t bit) const;
  std::vector<std::uint32_t> ones() const;  // ascending
  const std::string& bytes() const { return bytes_; }
  bool operator==(const BitSet&) const = default;

 private:
  std::string bytes_;  // no zero bytes at its end
};

// Acknowledges messages of one pop of one queue: bit n stands for the queue offset start_offset + n.

struct BatchAck {
  BitSet bit_set;
  std::string consumer_group;
  std::int64_t invisible_time_ms = 0;
  std::int64_t pop_time_ms = 0;
  std::int32_t queue_id = 0;
  std::string retry;  // a RetryKind, wire/pop_receipt.h
  std::int32_t revive_queue_id = 0;
  std::int64_t start_offset = 0;
  std::string topic;

  static constexpr auto table() {
    return std::tuple{field("b", &BatchAck::bit_set),
                      field("c", &BatchAck::consumer_group),
                      field("it", &BatchAck::invisible_time_ms),
                      field("pt", &BatchAck::pop_time_ms),
                      field("q", &BatchAck::queue_id),
                      field("r", &BatchAck::retry),
                      field("rq", &BatchAck::revive_queue_id),
                      field("so", &BatchAck::start_offset),
                      field("t", &BatchAck::topic)};
  }
  bool operator==(const BatchAck&) const = default;
};

struct BatchAckMessageRequestBody {
  std::vector<BatchAck> acks;
  std::string broker_name;

  static constexpr auto table() {
    return std::tuple{field("acks", &BatchAckMessageRequestBody::acks),
                      field_or("brokerName", &BatchAckMessageRequestBody::broker_name)};
  }
  bool operator==(const BatchAckMessageRequestBody&) const = default;
};

}  // namespace gantry::wire
