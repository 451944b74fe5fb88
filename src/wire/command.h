// One RocketMQ remoting command: the header and body that a frame carries, in the form that handlers work with.
// Rule: org.apache.rocketmq.remoting.protocol.RemotingCommand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gantry::wire {

// How the header bytes are written. A response uses the serialization of its request.
enum class Serialization : std::uint8_t { json = 0, rocketmq = 1 };

// Client language codes that we name ourselves; every other code or name is passed through as it came.
// Rule: org.apache.rocketmq.remoting.protocol.LanguageCode.
struct Language {
  std::uint8_t code = 1;  // CPP
  std::string name;       // as read from a JSON header when it is none of the known ones; else empty

  bool operator==(const Language&) const = default;
};

// The extension fields of a header, in the order of the wire. A header has few (at most some twenty) fields,
// so a linear search beats a map. When a key comes twice the first one counts.
class Fields {
 public:
  using Entry = std::pair<std::string, std::string>;

  const std::string* find(std::string_view key) const;
  std::string_view get(std::string_view key, std::string_view fallback = {}) const;
  void add(std::string_view key, std::string_view value) { entries_.emplace_back(key, value); }
  void set(std::string_view key, std::string_view value);  // replaces the first of that key or adds
  void erase(std::string_view key);
  void reserve(std::size_t n) { entries_.reserve(n); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool operator==(const Fields&) const = default;

 private:
  std::vector<Entry> entries_;
};

struct Command {
  static constexpr std::int32_t kResponseFlag = 1;
  static constexpr std::int32_t kOnewayFlag = 2;

  std::int32_t code = 0;  // request code, or response code when is_response(); wire/codes.h
  Language language;
  std::int16_t version = 0;  // client version, passed through; wire/codes.h has the one that we announce
  std::int32_t opaque = 0;   // pairs a response with its request on one connection
  std::int32_t flag = 0;
  std::string remark;
  Fields fields;
  Serialization serialization = Serialization::json;
  std::string body;

  bool is_response() const { return (flag & kResponseFlag) != 0; }
  bool is_oneway() const { return (flag & kOnewayFlag) != 0; }
};

// A request of ours: our language and version, opaque still 0 (the connection assigns it).
Command make_request(std::int32_t code);

// A response to `request`: same opaque and serialization, response flag set.
Command make_response(const Command& request, std::int32_t response_code, std::string_view remark = {});

}  // namespace gantry::wire
