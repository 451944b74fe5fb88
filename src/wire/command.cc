#include "wire/command.h"

#include <algorithm>

#include "wire/codes.h"
#include "wire/fields.h"

namespace gantry::wire {

namespace {

// The first letters are compared here: memcmp is called for one other of the same length only, and for the one-letter
// names of send headers never in vain.
bool same(const std::string& name, std::string_view key) {
  return name.size() == key.size() && (key.empty() || (name[0] == key[0] && name == key));
}

}  // namespace

const std::string* Fields::find(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (same(name, key)) return &value;
  }
  return nullptr;
}

std::string_view Fields::get(std::string_view key, std::string_view fallback) const {
  const std::string* value = find(key);
  return value != nullptr ? std::string_view(*value) : fallback;
}

void Fields::set(std::string_view key, std::string_view value) {
  for (auto& [name, old] : entries_) {
    if (same(name, key)) {
      old.assign(value);
      return;
    }
  }
  add(key, value);
}

void Fields::erase(std::string_view key) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.first == key; });
}

Command make_request(std::int32_t code) {
  Command command;
  command.code = code;
  command.version = kVersion;
  return command;
}

Command make_response(const Command& request, std::int32_t response_code, std::string_view remark) {
  Command response;
  response.code = response_code;
  response.version = kVersion;
  response.opaque = request.opaque;
  response.flag = Command::kResponseFlag;
  response.remark.assign(remark);
  response.serialization = request.serialization;
  return response;
}

namespace fields_detail {

Error missing(std::string_view name) {
  return Error{Errc::invalid_argument, fmt::format("header field {} is missing", name)};
}

Error malformed(std::string_view name, std::string_view expected, std::string_view found) {
  constexpr std::size_t kShownMax = 64;  // the peer's text goes into logs and remarks: keep it short
  return Error{Errc::invalid_argument,
               fmt::format("header field {}: expected {}, got \"{}\"", name, expected, found.substr(0, kShownMax))};
}

}  // namespace fields_detail

}  // namespace gantry::wire
