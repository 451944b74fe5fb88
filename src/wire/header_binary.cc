#include "wire/header_binary.h"

#include <limits>

#include "wire/bytes.h"
#include "wire/codes.h"

namespace gantry::wire {
namespace {

constexpr std::size_t kLengthMax = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kKeyBytesMax = std::numeric_limits<std::int16_t>::max();

std::int16_t narrow(std::int32_t code) { return static_cast<std::int16_t>(static_cast<std::uint16_t>(code)); }

std::unexpected<Error> outside_header(std::string_view what) {
  return fail(Errc::corrupt, "ROCKETMQ header: {} does not fit into the header", what);
}

}  // namespace

std::int32_t widen_request_code(std::int16_t code) {
  const bool pop_family = (code >= narrow(request_code::kPopMessage) && code <= narrow(request_code::kPopRollback)) ||
                          code == narrow(request_code::kBatchAckMessage);
  constexpr std::int32_t kCutOff = request_code::kPopMessage & ~0xffff;
  return pop_family ? code + kCutOff : code;
}

Result<void> encode_binary_header(const Command& command, std::string& out) {
  const std::int16_t code = narrow(command.code);
  if ((command.is_response() ? code : widen_request_code(code)) != command.code) {
    return fail(Errc::invalid_argument, "ROCKETMQ header: code {} does not fit into 16 bits", command.code);
  }
  append_big(code, out);
  append_big(command.language.code, out);
  append_big(command.version, out);
  append_big(command.opaque, out);
  append_big(command.flag, out);
  if (command.remark.size() > kLengthMax)
    return fail(Errc::invalid_argument, "ROCKETMQ header: the remark is too long");
  append_big(static_cast<std::int32_t>(command.remark.size()), out);
  out += command.remark;
  const std::size_t length_at = out.size();
  append_big(std::int32_t{0}, out);
  for (const auto& [key, value] : command.fields) {
    if (key.size() > kKeyBytesMax || value.size() > kLengthMax) {
      return fail(Errc::invalid_argument, "ROCKETMQ header: field {} is too long", key.substr(0, 64));
    }
    append_big(static_cast<std::int16_t>(key.size()), out);
    out += key;
    append_big(static_cast<std::int32_t>(value.size()), out);
    out += value;
  }
  const std::size_t fields_bytes = out.size() - length_at - sizeof(std::int32_t);
  if (fields_bytes > kLengthMax) return fail(Errc::invalid_argument, "ROCKETMQ header: the fields are too long");
  store_big(static_cast<std::int32_t>(fields_bytes), out.data() + length_at);
  return {};
}

Result<void> decode_binary_header(std::string_view header, const FrameLimits& limits, Command& command) {
  ByteReader read(header);
  const auto code = read.get<std::int16_t>();
  command.language = {read.get<std::uint8_t>(), {}};
  command.version = read.get<std::int16_t>();
  command.opaque = read.get<std::int32_t>();
  command.flag = read.get<std::int32_t>();
  command.code = command.is_response() ? code : widen_request_code(code);
  command.remark.assign(read.get_bytes(read.get<std::int32_t>()));
  ByteReader fields(read.get_bytes(read.get<std::int32_t>()));
  if (!read.ok()) return outside_header("a length");
  if (!read.rest().empty()) return fail(Errc::corrupt, "ROCKETMQ header: {} bytes too many", read.rest().size());
  command.fields.reserve(fields.rest().empty() ? 0 : 16);
  while (!fields.rest().empty()) {
    std::string_view key = fields.get_bytes(fields.get<std::int16_t>());
    std::string_view value = fields.get_bytes(fields.get<std::int32_t>());
    if (!fields.ok()) return outside_header("a field");
    if (command.fields.size() >= limits.fields_max) {
      return fail(Errc::resource_exhausted, "ROCKETMQ header: more than {} fields", limits.fields_max);
    }
    command.fields.add(key, value);
  }
  return {};
}

}  // namespace gantry::wire
