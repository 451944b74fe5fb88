// The letters of JSON as fastjson speaks it: a scanner over tokens that the header reader and the body reader share,
// and the writing of strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gantry::wire {

// Appends `text` as a quoted JSON string. Bytes that are not UTF-8 become U+FFFD, so the output is always valid.
void append_json_string(std::string_view text, std::string& out);

// A cursor over JSON text. Functions that return bool leave the cursor anywhere on false: the caller gives up.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  // The next byte that is not white space, '\0' at the end; the cursor stops before it.
  char peek() {
    std::size_t at = at_;  // a local one: a char load might alias the member, which would cost a store a byte
    while (at < text_.size() && is_space(text_[at])) ++at;
    at_ = at;
    return at < text_.size() ? text_[at] : '\0';
  }

  // Consumes `c`, which is not '\0', if it is next.
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  // A string in double or single quotes, unescaped: into `scratch` when it holds escapes, else a view of the text.
  bool string(std::string& scratch, std::string_view& out);

  // The bytes up to the next structural character or white space: numbers, true, null, bare keys. May be empty.
  std::string_view word();

  // Skips one value of any kind and gives its text. At most `depth_max` (<= 64) levels of nesting.
  bool raw_value(std::size_t depth_max, std::string_view& out);

  std::size_t position() const { return at_; }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

  bool unescape(char quote, std::string& scratch);
  bool hex(std::size_t digits, char32_t& out);
  bool skip_string();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace gantry::wire
