#include "rocketmq/received.h"

#include "wire/compression.h"
#include "wire/message_id.h"
#include "wire/properties.h"

namespace gantry::rocketmq {
namespace {

constexpr std::size_t kBodyBytesMax = 64 * 1024 * 1024;  // after decompression

}  // namespace

ReceivedMessage to_received(const wire::MessageView& view, const std::string& broker_name) {
  ReceivedMessage message;
  message.queue = MessageQueue{broker_name, view.queue_id, std::string(view.topic)};
  message.topic = std::string(view.property(wire::property::kRetryTopic).value_or(view.topic));
  message.queue_offset = view.queue_offset;
  message.commit_log_offset = view.physical_offset;
  message.reconsume_times = view.reconsume_times;
  message.born_ms = view.born_timestamp_ms;
  message.stored_ms = view.store_timestamp_ms;
  wire::OffsetMessageId id;
  id.store_host = view.store_host;
  id.physical_offset = view.physical_offset;
  message.offset_message_id = wire::encode_offset_message_id(id);
  wire::for_each_property(view.properties, [&](std::string_view name, std::string_view value) {
    message.properties.emplace(name, value);
    return true;
  });
  auto property = [&](std::string_view name) {
    auto it = message.properties.find(std::string(name));
    return it == message.properties.end() ? std::string() : it->second;
  };
  message.message_id = property(wire::property::kUniqueKey);
  if (message.message_id.empty()) message.message_id = message.offset_message_id;
  message.tag = property(wire::property::kTags);
  message.keys = property(wire::property::kKeys);
  message.receipt = property(wire::property::kPopCk);

  if (wire::is_compressed(view.sys_flag)) {
    auto kind = wire::compression_of(view.sys_flag);
    Result<std::string> body =
        kind ? wire::decompress(*kind, view.body, kBodyBytesMax) : Result<std::string>(std::unexpected(kind.error()));
    if (body) {
      message.body = std::move(*body);
      return message;
    }
    message.properties["GANTRY_UNDECODED"] = body.error().message;
  }
  message.body.assign(view.body);
  return message;
}

Result<std::vector<ReceivedMessage>> decode_messages(std::string_view body, const std::string& broker_name) {
  std::vector<ReceivedMessage> messages;
  auto count = wire::for_each_message(
      body, [&](const wire::MessageView& view) { messages.push_back(to_received(view, broker_name)); });
  if (!count) return std::unexpected(in_context("messages of broker " + broker_name, count.error()));
  return messages;
}

}  // namespace gantry::rocketmq
