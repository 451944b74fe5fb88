#include "wire/bodies/batch_ack.h"

#include <array>

#include "wire/body_json.h"

namespace gantry::wire {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const bool padding = at + i > bytes.size();  // n bytes fill n + 1 digits
      out += padding ? '=' : kAlphabet[group >> (18 - 6 * i) & 0x3f];
    }
  }
  return out;
}

bool from_base64(std::string_view text, std::string& out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return true;
}

}  // namespace

BitSet BitSet::from_bytes(std::string_view bytes) {
  BitSet set;
  set.bytes_.assign(bytes.substr(0, kBitsMax / 8));
  while (!set.bytes_.empty() && set.bytes_.back() == '\0') set.bytes_.pop_back();
  return set;
}

void BitSet::set(std::size_t bit) {
  if (bit >= kBitsMax) return;
  if (bytes_.size() <= bit / 8) bytes_.resize(bit / 8 + 1);
  bytes_[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes_[bit / 8]) | 1U << bit % 8);
}

bool BitSet::test(std::size_t bit) const {
  return bit / 8 < bytes_.size() && (static_cast<unsigned char>(bytes_[bit / 8]) >> bit % 8 & 1U) != 0;
}

std::vector<std::uint32_t> BitSet::ones() const {
  std::vector<std::uint32_t> bits;
  for (std::uint32_t bit = 0; bit < bytes_.size() * 8; ++bit) {
    if (test(bit)) bits.push_back(bit);
  }
  return bits;
}

namespace body_detail {

Result<void> read(Tag, const JsonValue& json, BitSet& out) {
  std::string bytes;
  const boost::json::string* text = json.if_string();
  if (text == nullptr || !from_base64(std::string_view(text->data(), text->size()), bytes)) {
    return unexpected_value("base64", json);
  }
  if (bytes.size() > BitSet::kBitsMax / 8) return fail(Errc::resource_exhausted, "a bit set of {} bytes", bytes.size());
  out = BitSet::from_bytes(bytes);
  return {};
}

void write(Tag, const BitSet& value, std::string& out) { append_json_string(to_base64(value.bytes()), out); }

}  // namespace body_detail

GANTRY_WIRE_BODY(BatchAck);
GANTRY_WIRE_BODY(BatchAckMessageRequestBody);

}  // namespace gantry::wire
