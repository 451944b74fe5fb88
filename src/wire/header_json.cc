#include "wire/header_json.h"

#include <limits>

#include "base/parse_number.h"
#include "wire/decimal.h"
#include "wire/json_text.h"
#include "wire/language.h"

namespace gantry::wire {
namespace {

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kFieldsExpected = 16;

void append_number(std::string_view key, std::int64_t number, std::string& out) {
  out.append(key);
  append_decimal(number, out);
}

// Reads one header. Members are few and their order is open, so it is one loop over keys.
class HeaderReader {
 public:
  HeaderReader(std::string_view header, const FrameLimits& limits, Command& command)
      : scan_(header), header_bytes_(header.size()), limits_(limits), command_(command) {}

  Result<void> read() {
    Result<void> result = object([&](std::string_view key) { return member(key); });
    if (!result) return result;
    if (scan_.peek(), scan_.position() != header_bytes_) return expected("the end");
    return {};
  }

 private:
  enum class Kind { null, text };

  std::unexpected<Error> expected(std::string_view what) {
    return fail(Errc::corrupt, "JSON header: expected {} at byte {}", what, scan_.position());
  }

  // Calls on_key for each member of the object at the cursor; on_key consumes the value.
  template <class OnKey>
  Result<void> object(OnKey&& on_key) {
    if (!scan_.take('{')) return expected("{");
    while (!scan_.take('}')) {
      if (scan_.take(',')) continue;  // fastjson takes any number of commas
      std::string_view key;
      const char next = scan_.peek();
      if (next == '"' || next == '\'') {
        if (!scan_.string(key_scratch_, key)) return expected("a key");
      } else {
        key = scan_.word();
        if (key.empty()) return expected("a key");
      }
      if (!scan_.take(':')) return expected(":");
      Result<void> result = on_key(key);
      if (!result) return result;
    }
    return {};
  }

  // Any value as text: strings unescaped, numbers and words as they stand, arrays and objects as their JSON.
  Result<Kind> value(std::string_view& text) {
    const char next = scan_.peek();
    if (next == '"' || next == '\'') {
      if (!scan_.string(value_scratch_, text)) return expected("the end of a string");
      return Kind::text;
    }
    if (next == '{' || next == '[') {
      if (!scan_.raw_value(kDepthMax, text)) return expected("a value");
      return Kind::text;
    }
    text = scan_.word();
    if (text.empty()) return expected("a value");
    return text == "null" ? Kind::null : Kind::text;
  }

  template <class Int>
  Result<void> integer(Int& out) {
    std::string_view text;
    Result<Kind> kind = value(text);
    if (!kind) return std::unexpected(kind.error());
    if (*kind == Kind::null) return {};
    if (!parse_number(text, out)) return expected("an integer in range");
    return {};
  }

  Result<void> member(std::string_view key) {
    if (key == "code") return integer(command_.code);
    if (key == "flag") return integer(command_.flag);
    if (key == "opaque") return integer(command_.opaque);
    if (key == "version") return integer(command_.version);
    if (key == "language") return language();
    if (key == "extFields") return ext_fields();
    std::string_view text;
    Result<Kind> kind = value(text);
    if (!kind) return std::unexpected(kind.error());
    if (key == "remark" && *kind == Kind::text) command_.remark.assign(text);
    return {};
  }

  Result<void> language() {
    std::string_view text;
    Result<Kind> kind = value(text);
    if (!kind) return std::unexpected(kind.error());
    if (*kind == Kind::null) return {};
    std::uint8_t code = 0;
    if (parse_number(text, code)) {
      command_.language = {code, {}};
    } else {
      command_.language = language_of(text);
    }
    return {};
  }

  Result<void> ext_fields() {
    if (scan_.peek() != '{') {
      std::string_view text;
      Result<Kind> kind = value(text);
      if (!kind) return std::unexpected(kind.error());
      if (*kind != Kind::null) return expected("an object before here");
      return {};
    }
    command_.fields.reserve(kFieldsExpected);
    return object([&](std::string_view key) -> Result<void> {
      std::string_view text;
      Result<Kind> kind = value(text);
      if (!kind) return std::unexpected(kind.error());
      if (*kind == Kind::null) return {};
      if (command_.fields.size() >= limits_.fields_max) {
        return fail(Errc::resource_exhausted, "JSON header: more than {} fields", limits_.fields_max);
      }
      command_.fields.add(key, text);
      return {};
    });
  }

  JsonScanner scan_;
  std::size_t header_bytes_;
  const FrameLimits& limits_;
  Command& command_;
  std::string key_scratch_;
  std::string value_scratch_;
};

}  // namespace

void encode_json_header(const Command& command, std::string& out) {
  append_number("{\"code\":", command.code, out);
  if (!command.fields.empty()) {
    out += ",\"extFields\":{";
    bool first = true;
    for (const auto& [key, value] : command.fields) {
      if (!first) out.push_back(',');
      first = false;
      append_json_string(key, out);
      out.push_back(':');
      append_json_string(value, out);
    }
    out.push_back('}');
  }
  append_number(",\"flag\":", command.flag, out);
  out += ",\"language\":";
  append_json_string(language_name(command.language), out);
  append_number(",\"opaque\":", command.opaque, out);
  if (!command.remark.empty()) {
    out += ",\"remark\":";
    append_json_string(command.remark, out);
  }
  append_number(",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":", command.version, out);
  out.push_back('}');
}

Result<void> decode_json_header(std::string_view header, const FrameLimits& limits, Command& command) {
  return HeaderReader(header, limits, command).read();
}

}  // namespace gantry::wire
