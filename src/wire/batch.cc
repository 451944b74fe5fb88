#include "wire/batch.h"

#include <limits>

#include "wire/bytes.h"

namespace gantry::wire {
namespace {

constexpr std::size_t kFixedBytes = 4 + 4 + 4 + 4 + 4 + 2;
constexpr std::size_t kEntryBytesMax = std::numeric_limits<std::int32_t>::max();

}  // namespace

Result<void> encode_batch_entry(const BatchEntry& entry, std::string& out) {
  if (entry.properties.size() > kPropertiesBytesMax ||
      entry.body.size() > kEntryBytesMax - kFixedBytes - entry.properties.size()) {
    return fail(Errc::invalid_argument, "a batch entry with properties and body of {} and {} bytes is too long",
                entry.properties.size(), entry.body.size());
  }
  append_big(static_cast<std::int32_t>(kFixedBytes + entry.body.size() + entry.properties.size()), out);
  append_big(std::int32_t{0}, out);  // magic
  append_big(std::int32_t{0}, out);  // CRC: the broker makes it
  append_big(entry.flag, out);
  append_big(static_cast<std::int32_t>(entry.body.size()), out);
  out += entry.body;
  append_big(static_cast<std::int16_t>(entry.properties.size()), out);
  out += entry.properties;
  return {};
}

Result<std::string> encode_batch(std::span<const Message> messages) {
  std::string out;
  for (const Message& message : messages) {
    std::string properties;
    Result<void> result = encode_properties(message.properties, properties);
    if (result) result = encode_batch_entry({message.flag, message.body, properties}, out);
    if (!result) return std::unexpected(result.error());
  }
  return out;
}

Result<std::vector<BatchEntry>> decode_batch(std::string_view body, std::size_t entries_max) {
  std::vector<BatchEntry> entries;
  ByteReader read(body);
  while (!read.rest().empty()) {
    if (entries.size() == entries_max) {
      return fail(Errc::resource_exhausted, "a batch of more than {} messages", entries_max);
    }
    const auto total = read.get<std::int32_t>();
    ByteReader part(read.get_bytes(std::int64_t{total} - 4));
    part.get<std::int32_t>();  // magic
    part.get<std::int32_t>();  // CRC
    BatchEntry entry;
    entry.flag = part.get<std::int32_t>();
    entry.body = part.get_bytes(part.get<std::int32_t>());
    entry.properties = part.get_bytes(part.get<std::int16_t>());
    if (!read.ok() || !part.ok() || !part.rest().empty()) {
      return fail(Errc::corrupt, "batch entry {} does not have the length that it says", entries.size());
    }
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace gantry::wire
