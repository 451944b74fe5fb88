#include "wire/fastjson.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "wire/fastjson_ref.h"
#include "wire/json_text.h"

namespace gantry::wire {
namespace {

namespace json = boost::json;

class Parser {
 public:
  Parser(std::string_view text, const JsonLimits& limits) : text_(text), scan_(text), limits_(limits) {}

  Result<json::value> parse() {
    json::value root;
    Result<void> result = value(root, 0);
    if (result && (scan_.peek(), scan_.position() != text_.size())) result = expected("the end");
    if (result && saw_reference_) result = resolve_references(root, limits_.values_max - values_);
    if (!result) return std::unexpected(result.error());
    return root;
  }

 private:
  std::unexpected<Error> expected(std::string_view what) {
    return fail(Errc::corrupt, "JSON: expected {} at byte {}", what, scan_.position());
  }

  Result<void> value(json::value& out, std::size_t depth) {
    if (++values_ > limits_.values_max) {
      return fail(Errc::resource_exhausted, "JSON: more than {} values", limits_.values_max);
    }
    const char next = scan_.peek();
    if (next == '{' || next == '[') {
      if (depth == limits_.depth_max) {
        return fail(Errc::resource_exhausted, "JSON: nested more than {} levels deep", limits_.depth_max);
      }
      return next == '{' ? object(out.emplace_object(), depth + 1) : array(out.emplace_array(), depth + 1);
    }
    if (next == '"' || next == '\'') {
      std::string_view text;
      if (!scan_.string(scratch_, text)) return expected("the end of a string");
      out.emplace_string() = json::string_view(text.data(), text.size());
      return {};
    }
    return scalar(out);
  }

  Result<void> scalar(json::value& out) {
    std::string_view word = scan_.word();
    if (word == "true" || word == "false") {
      out = word == "true";
      return {};
    }
    if (word == "null" || word == "undefined" || word == "NaN") {
      out = nullptr;
      return {};
    }
    std::string_view digits = word;
    const bool suffixed = !digits.empty() && std::string_view("LSBFD").find(digits.back()) != std::string_view::npos;
    if (suffixed) digits.remove_suffix(1);  // as fastjson writes with its WriteClassName feature
    std::int64_t integer = 0;
    const char* end = digits.data() + digits.size();
    if (auto [stop, error] = std::from_chars(digits.data(), end, integer); error == std::errc{} && stop == end) {
      out = integer;
      return {};
    }
    double real = 0;
    if (auto [stop, error] = std::from_chars(digits.data(), end, real);
        error == std::errc{} && stop == end && std::isfinite(real)) {
      out = real;
      return {};
    }
    return expected("a value");
  }

  Result<void> array(json::array& out, std::size_t depth) {
    scan_.take('[');
    while (!scan_.take(']')) {
      if (scan_.take(',')) continue;
      Result<void> result = value(out.emplace_back(nullptr), depth);
      if (!result) return result;
    }
    return {};
  }

  Result<void> object(json::object& out, std::size_t depth) {
    scan_.take('{');
    while (!scan_.take('}')) {
      if (scan_.take(',')) continue;
      std::string_view key;
      const char next = scan_.peek();
      if (next == '"' || next == '\'') {
        if (!scan_.string(scratch_, key)) return expected("a key");
      } else if (next == '{' || next == '[') {
        if (!scan_.raw_value(limits_.depth_max, key)) return expected("a key");
      } else {
        key = scan_.word();
        if (key.empty()) return expected("a key");
      }
      saw_reference_ = saw_reference_ || key == "$ref";
      json::value& member = out[json::string_view(key.data(), key.size())];
      if (!scan_.take(':')) return expected(":");
      Result<void> result = value(member, depth);
      if (!result) return result;
    }
    return {};
  }

  std::string_view text_;
  JsonScanner scan_;
  const JsonLimits& limits_;
  std::string scratch_;
  std::size_t values_ = 0;
  bool saw_reference_ = false;
};

}  // namespace

Result<boost::json::value> parse_fastjson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(Errc::resource_exhausted, "JSON: {} bytes are over the limit of {}", text.size(), limits.bytes_max);
  }
  return Parser(text, limits).parse();
}

}  // namespace gantry::wire
