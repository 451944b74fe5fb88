// A broker and a POP client of its own making: what stock clients derive from a pop's answer (receipts, where a retried
// message really is) is derived here too.
#pragma once

#include <gtest/gtest.h>

#include "broker_fixture.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/stats.h"
#include "wire/headers/pop.h"
#include "wire/pop_receipt.h"

namespace gantry::broker {

struct Popped {
  std::string topic;  // where it really is: the topic, or the group's POP retry topic
  std::string body;
  std::int32_t reconsume_times = 0;
  std::int64_t offset = 0;
  wire::PopReceipt receipt;
};

struct PopFixture : BrokerFixture {
  using BrokerFixture::BrokerFixture;

  static wire::PopMessageRequestHeader pop_header(std::int64_t invisible_ms = 60'000) {
    wire::PopMessageRequestHeader header;
    header.consumer_group = "g";
    header.topic = "t";
    header.queue_id = 0;
    header.max_messages = 32;
    header.invisible_time_ms = invisible_ms;
    header.exp = "*";
    header.exp_type = "TAG";
    return header;
  }
  static wire::PopMessageRequestHeader ordered_header(std::string attempt_id, std::int64_t invisible_ms = 60'000) {
    auto header = pop_header(invisible_ms);
    header.order = true;
    header.attempt_id = std::move(attempt_id);
    header.max_messages = 2;
    return header;
  }

  // Rule: MQClientAPIImpl.processPopResponse; messages of one queue per retry kind.
  static std::vector<Popped> popped(const wire::Command& answer) {
    EXPECT_EQ(answer.code, code::kSuccess) << answer.remark;
    auto header = wire::decode_header<wire::PopMessageResponseHeader>(answer.fields);
    EXPECT_TRUE(header);
    const auto starts = wire::decode_start_offsets(header->start_offset_info.value_or(""));
    EXPECT_TRUE(starts);
    std::vector<Popped> messages;
    for (const Received& message : received(answer)) {
      Popped one{message.topic, message.body, message.reconsume_times, message.queue_offset, {}};
      if (auto inside = wire::find_property(message.properties, wire::property::kPopCk); inside && !inside->empty()) {
        one.receipt = wire::decode_receipt(*inside).value();
        one.topic = wire::real_topic(message.topic, "g", one.receipt.retry);
      } else {
        one.receipt = {0,
                       header->pop_time_ms,
                       header->invisible_time_ms,
                       header->revive_queue_id,
                       wire::RetryKind::normal,
                       "broker-a",
                       message.queue_id,
                       message.queue_offset};
        for (const auto& start : *starts) {
          if (start.queue_id == message.queue_id && start.retry == wire::RetryKind::normal)
            one.receipt.start_offset = start.start_offset;
        }
      }
      messages.push_back(std::move(one));
    }
    return messages;
  }
  std::vector<Popped> pop(const wire::PopMessageRequestHeader& header) {
    const auto answer = call(request::kPopMessage, header);
    return answer.code == code::kPollingTimeout ? std::vector<Popped>{} : popped(answer);
  }
  std::vector<std::string> pop_bodies(const wire::PopMessageRequestHeader& header) {
    std::vector<std::string> bodies;
    for (const Popped& message : pop(header)) bodies.push_back(message.body);
    return bodies;
  }

  static wire::AckMessageRequestHeader ack_header(const Popped& message) {
    wire::AckMessageRequestHeader header;
    header.consumer_group = "g";
    header.topic = message.topic;
    header.queue_id = message.receipt.queue_id;
    header.extra_info = wire::encode_receipt(message.receipt);
    header.offset = message.offset;
    return header;
  }
  std::int32_t ack(const Popped& message) { return call(request::kAckMessage, ack_header(message)).code; }

  // Acknowledges messages of one pop by their places in it, counted from the first.
  std::int32_t ack_batch(const Popped& first, std::initializer_list<std::size_t> places) {
    wire::BatchAckMessageRequestBody body;
    wire::BatchAck& ack = body.acks.emplace_back();
    ack.consumer_group = "g";
    ack.topic = "t";
    ack.retry = "0";
    ack.start_offset = first.receipt.start_offset;
    ack.pop_time_ms = first.receipt.pop_time_ms;
    ack.revive_queue_id = first.receipt.revive_queue_id;
    for (std::size_t place : places) ack.bit_set.set(place);
    return call(request::kBatchAckMessage, {}, wire::encode_body(body)).code;
  }

  static wire::ChangeInvisibleTimeRequestHeader change_header(const Popped& message, std::int64_t invisible_ms) {
    const auto ack = ack_header(message);
    wire::ChangeInvisibleTimeRequestHeader header;
    header.consumer_group = ack.consumer_group;
    header.topic = ack.topic;
    header.queue_id = ack.queue_id;
    header.extra_info = ack.extra_info;
    header.offset = ack.offset;
    header.invisible_time_ms = invisible_ms;
    return header;
  }
  // The message under its new receipt, as a client makes that from the answer.
  Popped change(Popped message, std::int64_t invisible_ms) {
    const auto answer = call(request::kChangeMessageInvisibletime, change_header(message, invisible_ms));
    EXPECT_EQ(answer.code, code::kSuccess) << answer.remark;
    const auto header = wire::decode_header<wire::ChangeInvisibleTimeResponseHeader>(answer.fields);
    message.receipt.start_offset = message.offset;
    message.receipt.pop_time_ms = header->pop_time_ms;
    message.receipt.invisible_time_ms = header->invisible_time_ms;
    message.receipt.revive_queue_id = header->revive_queue_id;
    return message;
  }

  static wire::NotificationRequestHeader notification_header(std::int64_t poll_ms = 0) {
    wire::NotificationRequestHeader header;
    header.consumer_group = "g";
    header.topic = "t";
    header.queue_id = -1;
    header.poll_time_ms = poll_ms;
    return header;
  }
  bool has_message(const wire::NotificationRequestHeader& header = notification_header()) {
    return call(request::kNotification, header).fields.get("hasMsg") == "true";
  }

  // Consumer offset of the group; -1: none.
  std::int64_t committed(const std::string& topic = "t") {
    const auto answer =
        call(request::kQueryConsumerOffset,
             {{"consumerGroup", "g"}, {"topic", topic}, {"queueId", "0"}, {"setZeroIfNotFound", "false"}});
    return answer.code == code::kSuccess ? std::stoll(std::string(answer.fields.get("offset"))) : -1;
  }
  // Of queue 0, what 208 says.
  wire::ConsumeStats consume_stats() {
    const auto answer = call(request::kGetConsumeStats, {{"consumerGroup", "g"}, {"topic", "t"}});
    return wire::decode_body<wire::ConsumeStats>(answer.body).value_or(wire::ConsumeStats{});
  }
  wire::OffsetWrapper pop_stats() { return consume_stats().offset_table.at({"broker-a", 0, "t"}); }
  void next_millisecond() {
    auto now = [] { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); };
    run_until([&, begun = now()] { return now() > begun; });
  }
  void send_all(std::initializer_list<const char*> bodies, std::map<std::string, std::string> properties = {}) {
    for (const char* body : bodies) send("t", 0, body, properties);
  }
};

}  // namespace gantry::broker
