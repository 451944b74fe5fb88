// Messages as producers and consumers see them: what is to be sent, what came, and which queue it stands in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "queueing/topic_names.h"
#include "wire/bodies/message_queue.h"

namespace gantry::rocketmq {

using wire::MessageQueue;  // broker_name, queue_id, topic

struct Message {
  std::string topic;
  std::string body;
  std::string tag;   // empty: none
  std::string keys;  // separated by spaces; empty: none
  // Messages of one sharding key go to one queue, in order; empty: any queue.
  std::string sharding_key;
  std::map<std::string, std::string> properties;  // further user properties
};

enum class SendStatus { ok, flush_disk_timeout, flush_slave_timeout, slave_not_available };

// RocketMQ's names: SEND_OK, FLUSH_DISK_TIMEOUT, ...
std::string_view to_string(SendStatus status);

// The broker's acknowledgement of one message (or of one batch, then of its first message).
struct SendReceipt {
  std::string message_id;         // the unique id that the producer made
  std::string offset_message_id;  // where the broker stored it
  MessageQueue queue;
  std::int64_t queue_offset = 0;
  SendStatus status = SendStatus::ok;
};

struct ReceivedMessage {
  std::string topic;   // the topic it was sent to first, also when it came from a retry topic
  MessageQueue queue;  // where it was read from
  std::int64_t queue_offset = 0;
  std::int64_t commit_log_offset = 0;
  std::string message_id;  // the producer's unique id, or the offset id when there is none
  std::string offset_message_id;
  std::string tag;
  std::string keys;
  std::string body;
  std::int32_t reconsume_times = 0;
  std::int64_t born_ms = 0;    // Unix time at the producer
  std::int64_t stored_ms = 0;  // Unix time at the broker
  std::map<std::string, std::string> properties;
  std::string receipt;  // POP only: the receipt handle ("extra info") for acknowledgements
};

// What became of a message: done, or to be delivered again later.
enum class Outcome { success, retry };

using queueing::dead_letter_topic;
using queueing::retry_topic;
// What no user made: retry and dead-letter topics, and those that brokers keep for themselves. Topics named after
// brokers and clusters are not known here: only a route can tell them.
bool is_system_topic(std::string_view topic);

}  // namespace gantry::rocketmq
