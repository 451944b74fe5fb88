#include "wire/message.h"

#include <algorithm>
#include <limits>

#include "base/checksum.h"
#include "wire/bytes.h"

namespace gantry::wire {
namespace {

// Places that do not depend on anything.
constexpr std::size_t kMagicAt = 4;
constexpr std::size_t kQueueIdAt = 12;
constexpr std::size_t kQueueOffsetAt = 20;
constexpr std::size_t kPhysicalOffsetAt = 28;
constexpr std::size_t kSysFlagAt = 36;
constexpr std::size_t kBornHostAt = 48;

constexpr std::size_t kTopicBytesMaxV1 = 127;
constexpr std::size_t kTopicBytesMax = 32767;
constexpr std::size_t kRecordBytesMax = std::numeric_limits<std::int32_t>::max();

std::size_t host_bytes(bool v6) { return v6 ? 20 : 8; }

void put_host(const Host& host, ByteWriter& write) {
  write.put_bytes(host.address_bytes());
  write.put(host.port);
}

Host get_host(bool v6, ByteReader& read) {
  Host host;
  host.v6 = v6;
  std::string_view address = read.get_bytes(v6 ? 16 : 4);
  std::copy(address.begin(), address.end(), host.address.begin());
  host.port = read.get<std::int32_t>();
  return host;
}

template <class T>
void patch(std::span<char> record, std::size_t at, T value) {
  if (record.size() >= at + sizeof(T)) store_big(value, record.data() + at);
}

}  // namespace

std::int32_t body_crc32(std::string_view body) { return static_cast<std::int32_t>(crc32(body) & 0x7fffffff); }

MessageView MessageRecord::view() const {
  MessageView view;
  view.queue_id = queue_id;
  view.flag = flag;
  view.queue_offset = queue_offset;
  view.physical_offset = physical_offset;
  view.sys_flag = sys_flag;
  view.born_timestamp_ms = born_timestamp_ms;
  view.born_host = born_host;
  view.store_timestamp_ms = store_timestamp_ms;
  view.store_host = store_host;
  view.reconsume_times = reconsume_times;
  view.prepared_transaction_offset = prepared_transaction_offset;
  view.body = body;
  view.topic = topic;
  view.properties = properties;
  return view;
}

MessageRecord to_record(const MessageView& view) {
  return MessageRecord{.queue_id = view.queue_id,
                       .flag = view.flag,
                       .queue_offset = view.queue_offset,
                       .physical_offset = view.physical_offset,
                       .sys_flag = view.sys_flag,
                       .born_timestamp_ms = view.born_timestamp_ms,
                       .born_host = view.born_host,
                       .store_timestamp_ms = view.store_timestamp_ms,
                       .store_host = view.store_host,
                       .reconsume_times = view.reconsume_times,
                       .prepared_transaction_offset = view.prepared_transaction_offset,
                       .body = std::string(view.body),
                       .topic = std::string(view.topic),
                       .properties = std::string(view.properties)};
}

std::size_t record_bytes(const MessageView& message) {
  constexpr std::size_t kFixed = kRecordBytesMin - 2 * 8;  // without the hosts
  const std::size_t long_topic = message.topic.size() > kTopicBytesMaxV1 ? 1 : 0;
  return kFixed + host_bytes(message.born_host.v6) + host_bytes(message.store_host.v6) + long_topic +
         message.topic.size() + message.properties.size() + message.body.size();
}

Result<void> encode_record(const MessageView& message, std::string& out) {
  const std::size_t begin = out.size(), total = record_bytes(message);
  out.resize(begin + std::min(total, kRecordBytesMax));
  auto encoded = encode_record(message, {out.data() + begin, out.size() - begin});
  if (!encoded) out.resize(begin);
  return encoded;
}

Result<void> encode_record(const MessageView& message, std::span<char> out) {
  const std::size_t total = record_bytes(message);
  if (message.topic.size() > kTopicBytesMax || message.properties.size() > kPropertiesBytesMax ||
      message.body.size() > kRecordBytesMax || total > kRecordBytesMax || out.size() != total) {
    return fail(Errc::invalid_argument, "a message with topic, properties and body of {}, {} and {} bytes is too long",
                message.topic.size(), message.properties.size(), message.body.size());
  }
  const bool v1 = message.topic.size() <= kTopicBytesMaxV1;
  std::int32_t flags = message.sys_flag & ~(sys_flag::kBornHostV6 | sys_flag::kStoreHostV6);
  if (message.born_host.v6) flags |= sys_flag::kBornHostV6;
  if (message.store_host.v6) flags |= sys_flag::kStoreHostV6;

  ByteWriter write(out.data());
  write.put(static_cast<std::int32_t>(total));
  write.put(v1 ? kMagicV1 : kMagicV2);
  write.put(body_crc32(message.body));
  write.put(message.queue_id);
  write.put(message.flag);
  write.put(message.queue_offset);
  write.put(message.physical_offset);
  write.put(flags);
  write.put(message.born_timestamp_ms);
  put_host(message.born_host, write);
  write.put(message.store_timestamp_ms);
  put_host(message.store_host, write);
  write.put(message.reconsume_times);
  write.put(message.prepared_transaction_offset);
  write.put(static_cast<std::int32_t>(message.body.size()));
  write.put_bytes(message.body);
  if (v1) {
    write.put(static_cast<std::int8_t>(message.topic.size()));
  } else {
    write.put(static_cast<std::int16_t>(message.topic.size()));
  }
  write.put_bytes(message.topic);
  write.put(static_cast<std::int16_t>(message.properties.size()));
  write.put_bytes(message.properties);
  return {};
}

Result<std::optional<std::size_t>> next_record_bytes(std::string_view bytes) {
  if (bytes.size() < kMagicAt + 4)
    return fail(Errc::corrupt, "{} bytes are too few for a message record", bytes.size());
  const auto total = load_big<std::int32_t>(bytes.data());
  const auto magic = load_big<std::uint32_t>(bytes.data() + kMagicAt);
  if (magic == kMagicBlank) return std::optional<std::size_t>{};
  if (magic != kMagicV1 && magic != kMagicV2)
    return fail(Errc::corrupt, "message record with unknown magic {:08x}", magic);
  if (total < static_cast<std::int32_t>(kRecordBytesMin) || static_cast<std::size_t>(total) > bytes.size()) {
    return fail(Errc::corrupt, "message record of {} bytes in a buffer of {}", total, bytes.size());
  }
  return static_cast<std::size_t>(total);
}

Result<MessageView> decode_record(std::string_view bytes, CheckCrc check_crc) {
  Result<std::optional<std::size_t>> size = next_record_bytes(bytes);
  if (!size) return std::unexpected(size.error());
  if (!*size) return fail(Errc::corrupt, "a blank filler is not a message record");
  MessageView view;
  view.record = bytes.substr(0, **size);
  ByteReader read(view.record);
  read.get<std::int32_t>();  // the total, known by now
  view.magic = read.get<std::uint32_t>();
  view.body_crc = read.get<std::int32_t>();
  view.queue_id = read.get<std::int32_t>();
  view.flag = read.get<std::int32_t>();
  view.queue_offset = read.get<std::int64_t>();
  view.physical_offset = read.get<std::int64_t>();
  view.sys_flag = read.get<std::int32_t>();
  view.born_timestamp_ms = read.get<std::int64_t>();
  view.born_host = get_host((view.sys_flag & sys_flag::kBornHostV6) != 0, read);
  view.store_timestamp_ms = read.get<std::int64_t>();
  view.store_host = get_host((view.sys_flag & sys_flag::kStoreHostV6) != 0, read);
  view.reconsume_times = read.get<std::int32_t>();
  view.prepared_transaction_offset = read.get<std::int64_t>();
  view.body = read.get_bytes(read.get<std::int32_t>());
  view.topic = read.get_bytes(view.magic == kMagicV1 ? read.get<std::int8_t>() : read.get<std::int16_t>());
  view.properties = read.get_bytes(read.get<std::int16_t>());
  if (!read.ok() || !read.rest().empty()) {
    return fail(Errc::corrupt, "message record of {} bytes whose parts do not add up", view.record.size());
  }
  if (check_crc == CheckCrc::yes && body_crc32(view.body) != view.body_crc) {
    return fail(Errc::corrupt, "message body with a wrong checksum at physical offset {}", view.physical_offset);
  }
  return view;
}

void patch_queue_id(std::span<char> record, std::int32_t queue_id) { patch(record, kQueueIdAt, queue_id); }

void patch_queue_offset(std::span<char> record, std::int64_t queue_offset) {
  patch(record, kQueueOffsetAt, queue_offset);
}

void patch_physical_offset(std::span<char> record, std::int64_t physical_offset) {
  patch(record, kPhysicalOffsetAt, physical_offset);
}

void patch_store_timestamp(std::span<char> record, std::int64_t store_timestamp_ms) {
  if (record.size() < kBornHostAt) return;
  const auto flags = load_big<std::int32_t>(record.data() + kSysFlagAt);
  patch(record, kBornHostAt + host_bytes((flags & sys_flag::kBornHostV6) != 0), store_timestamp_ms);
}

}  // namespace gantry::wire
