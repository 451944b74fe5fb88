// QUERY_MESSAGE (12): messages by key or unique id within a time. Rule: QueryMessageProcessor.queryMessage.
#include <algorithm>
#include <optional>

#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "store/store.h"
#include "wire/headers/admin.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::broker {

namespace {

constexpr std::size_t kCandidatesMax = 4'096;  // looked at for one answer

// Hashes can collide: the message itself must have the key.
bool has_key(const wire::MessageView& message, std::string_view key) {
  if (message.property(wire::property::kUniqueKey) == key) return true;
  std::string_view keys = message.property(wire::property::kKeys).value_or("");
  while (!keys.empty()) {
    const std::size_t end = keys.find(wire::kKeySeparator);
    if (keys.substr(0, end) == key) return true;
    keys.remove_prefix(end == std::string_view::npos ? keys.size() : end + 1);
  }
  return false;
}

}  // namespace

void handle_query_message(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::QueryMessageRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const auto wanted = static_cast<std::size_t>(std::clamp(header->max_messages, 1, 256));
  store::MessageLog& log = broker.store.log();
  std::string body;
  std::size_t count = 0;
  wire::QueryMessageResponseHeader answer;
  answer.index_last_update_timestamp_ms = broker.now_ms();
  answer.index_last_update_physical_offset = static_cast<std::int64_t>(log.max_physical_offset());
  auto candidates = log.find_by_key(store::MessageLog::hash_key(header->topic, header->key), kCandidatesMax);
  if (!candidates) return request.reply.fail(candidates.error());
  std::optional<Error> unreadable;
  for (const std::uint64_t physical : *candidates) {
    auto record = log.record_at(physical);
    if (!record && record.error().code != Errc::not_found) unreadable = record.error();
    if (!record) continue;
    auto message = wire::decode_record(*record);
    if (!message || message->topic != header->topic || !has_key(*message, header->key)) continue;
    if (message->store_timestamp_ms < header->begin_timestamp_ms ||
        message->store_timestamp_ms > header->end_timestamp_ms)
      continue;
    if (!body.empty() && body.size() + record->size() > broker.config.limits.frame.frame_bytes_max / 2) break;
    body += *record;
    if (++count == wanted) break;
  }
  if (count == 0 && unreadable) return request.reply.fail(*unreadable);  // "not found" would not be true
  if (count == 0) {
    return request.reply.send(wire::response_code::kQueryNotFound,
                              "can not find message, maybe time range not correct");
  }
  auto response = response_with(request.reply, answer);
  response.body = std::move(body);
  request.reply.send(std::move(response));
}

}  // namespace gantry::broker
