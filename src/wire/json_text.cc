#include "wire/json_text.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "wire/utf8.h"

namespace gantry::wire {
namespace {

constexpr std::array<bool, 256> plain_table() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = plain_table();  // written as they are

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool ends_word(char c) {
  return is_space(c) || c == ',' || c == ':' || c == '{' || c == '}' || c == '[' || c == ']' || c == '"' || c == '\'';
}

// Appends the escape or the sequence at the front of `text`; returns how many bytes of it were used.
std::size_t append_special(std::string_view text, std::string& out) {
  const auto c = static_cast<unsigned char>(text[0]);
  switch (c) {
    case '"':
      out += "\\\"";
      return 1;
    case '\\':
      out += "\\\\";
      return 1;
    case '\n':
      out += "\\n";
      return 1;
    case '\r':
      out += "\\r";
      return 1;
    case '\t':
      out += "\\t";
      return 1;
    default:
      break;
  }
  if (c < 0x20 || c == 0x7f) {
    constexpr char kHex[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 0xf]};
    out.append(escape, sizeof escape);
    return 1;
  }
  CodePoint point = next_code_point(text);
  append_code_point(point.value, out);
  return point.bytes;
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out.push_back('"');
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t run = at;
    while (run < text.size() && kPlain[static_cast<unsigned char>(text[run])]) ++run;
    out.append(text, at, run - at);
    at = run;
    if (at < text.size()) at += append_special(text.substr(at), out);
  }
  out.push_back('"');
}

char JsonScanner::peek() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScanner::take(char c) {
  if (peek() != c || at_ == text_.size()) return false;
  ++at_;
  return true;
}

bool JsonScanner::string(std::string& scratch, std::string_view& out) {
  const char quote = peek();
  if (quote != '"' && quote != '\'') return false;
  const std::size_t begin = ++at_;
  while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\\') ++at_;
  if (at_ == text_.size()) return false;
  if (text_[at_] == quote) {
    out = text_.substr(begin, at_ - begin);
    ++at_;
    return true;
  }
  scratch.assign(text_, begin, at_ - begin);
  if (!unescape(quote, scratch)) return false;
  out = scratch;
  return true;
}

// Goes on from the first backslash of a string.
bool JsonScanner::unescape(char quote, std::string& scratch) {
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == quote) return true;
    if (c != '\\') {
      std::size_t run = at_;
      while (run < text_.size() && text_[run] != quote && text_[run] != '\\') ++run;
      scratch.append(text_, at_ - 1, run - at_ + 1);
      at_ = run;
      continue;
    }
    if (at_ == text_.size()) return false;
    const char escape = text_[at_++];
    switch (escape) {
      case 'b':
        scratch.push_back('\b');
        break;
      case 'f':
        scratch.push_back('\f');
        break;
      case 'n':
        scratch.push_back('\n');
        break;
      case 'r':
        scratch.push_back('\r');
        break;
      case 't':
        scratch.push_back('\t');
        break;
      case 'v':  // fastjson has it, JSON has not
        scratch.push_back('\v');
        break;
      case 'u': {
        char32_t unit = 0;
        if (!hex(4, unit)) return false;
        const bool high = unit >= 0xd800 && unit < 0xdc00;
        if (high && text_.substr(at_, 2) == "\\u") {
          const std::size_t before = at_;
          at_ += 2;
          char32_t low = 0;
          if (!hex(4, low)) return false;
          if (low >= 0xdc00 && low < 0xe000) {
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          } else {
            at_ = before;  // the second one stands for itself
          }
        }
        append_code_point(unit, scratch);
        break;
      }
      case '"':
      case '\'':
      case '\\':
      case '/':
        scratch.push_back(escape);
        break;
      default:
        return false;
    }
  }
  return false;
}

bool JsonScanner::hex(std::size_t digits, char32_t& out) {
  if (text_.size() - at_ < digits) return false;
  std::uint32_t value = 0;
  const char* begin = text_.data() + at_;
  auto [end, error] = std::from_chars(begin, begin + digits, value, 16);
  if (error != std::errc{} || end != begin + digits) return false;
  at_ += digits;
  out = value;
  return true;
}

std::string_view JsonScanner::word() {
  peek();
  const std::size_t begin = at_;
  while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

bool JsonScanner::skip_string() {
  const char quote = text_[at_++];
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == quote) return true;
    if (c == '\\') ++at_;
  }
  return false;
}

bool JsonScanner::raw_value(std::size_t depth_max, std::string_view& out) {
  peek();
  const std::size_t begin = at_;
  std::uint64_t is_object = 0;  // a bit a level: which bracket closes it
  std::size_t depth = 0;
  do {
    const char c = peek();
    if (at_ >= text_.size()) return false;
    if (c == '"' || c == '\'') {
      if (!skip_string()) return false;
    } else if (c == '{' || c == '[') {
      if (depth == depth_max || depth == 64) return false;
      is_object = (is_object << 1) | (c == '{' ? 1 : 0);
      ++depth;
      ++at_;
    } else if (c == '}' || c == ']') {
      if (depth == 0 || (is_object & 1) != (c == '}' ? 1U : 0U)) return false;
      is_object >>= 1;
      --depth;
      ++at_;
    } else if (c == ',' || c == ':') {
      if (depth == 0) return false;
      ++at_;
    } else {
      word();
    }
  } while (depth > 0);
  out = text_.substr(begin, at_ - begin);
  return true;
}

}  // namespace gantry::wire
