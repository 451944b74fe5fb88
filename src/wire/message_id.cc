#include "wire/message_id.h"

#include <algorithm>
#include <charconv>

#include "wire/bytes.h"

namespace gantry::wire {
namespace {

std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

bool from_hex(std::string_view hex, std::string& bytes) {
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    std::uint8_t byte = 0;
    auto [end, error] = std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
    if (error != std::errc{} || end != hex.data() + at + 2) return false;
    bytes.push_back(static_cast<char>(byte));
  }
  return true;
}

}  // namespace

std::string encode_offset_message_id(const OffsetMessageId& id) {
  std::string bytes(id.store_host.address_bytes());
  append_big(id.store_host.port, bytes);
  append_big(id.physical_offset, bytes);
  return to_hex(bytes);
}

Result<OffsetMessageId> decode_offset_message_id(std::string_view text) {
  constexpr std::size_t kDigitsV4 = 32;
  constexpr std::size_t kDigitsV6 = 56;
  std::string bytes;
  if ((text.size() != kDigitsV4 && text.size() != kDigitsV6) || !from_hex(text, bytes)) {
    return fail(Errc::invalid_argument, "message id \"{}\": expected {} or {} hex digits", text.substr(0, 64),
                kDigitsV4, kDigitsV6);
  }
  OffsetMessageId id;
  id.store_host.v6 = text.size() == kDigitsV6;
  ByteReader read(bytes);
  std::string_view address = read.get_bytes(id.store_host.v6 ? 16 : 4);
  std::copy(address.begin(), address.end(), id.store_host.address.begin());
  id.store_host.port = read.get<std::int32_t>();
  id.physical_offset = read.get<std::int64_t>();
  return id;
}

std::int64_t month_start_ms(std::int64_t now_ms) {
  // the day of the month by the proleptic Gregorian calendar, in eras of 400 years that begin on 1 March
  constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
  const std::int64_t day = now_ms / kDayMs - (now_ms % kDayMs < 0 ? 1 : 0);
  const std::int64_t shifted = day + 719468;  // days since 0000-03-01
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  const std::int64_t day_of_month = day_of_year - (153 * month + 2) / 5;
  return (day - day_of_month) * kDayMs;
}

std::string unique_message_id(const UniqueIdSource& source, std::int64_t now_ms, std::uint16_t counter) {
  std::string bytes(source.host.address_bytes());
  append_big(source.pid, bytes);
  append_big(source.salt, bytes);
  append_big(static_cast<std::uint32_t>(now_ms - month_start_ms(now_ms)), bytes);
  append_big(counter, bytes);
  return to_hex(bytes);
}

}  // namespace gantry::wire
