#include "wire/json_text.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "wire/utf8.h"

namespace gantry::wire {
namespace {

constexpr std::array<bool, 256> plain_table() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = plain_table();  // written as they are

constexpr std::array<bool, 256> word_table() {
  std::array<bool, 256> in_word{};
  for (std::size_t c = 0; c < in_word.size(); ++c) {
    in_word[c] = std::string_view(" \n\t\r,:{}[]\"'").find(static_cast<char>(c)) == std::string_view::npos;
  }
  return in_word;
}
constexpr std::array<bool, 256> kInWord = word_table();

// Eight bytes at a time. In each mask the lowest set bit is right: it is the high bit of the first byte that matches;
// bits above it may be false.
constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

std::uint64_t mask_of(std::uint64_t word, char byte) {
  const std::uint64_t x = word ^ (kOnes * static_cast<unsigned char>(byte));
  return (x - kOnes) & ~x & kHighs;
}

// Advances `at` by whole words of which no byte is in mask(word), and to the first that is.
template <class Mask>
bool find_in_words(std::string_view text, std::size_t& at, Mask&& mask) {
  if constexpr (std::endian::native != std::endian::little) return false;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if (const std::uint64_t found = mask(word); found != 0) {
      at += static_cast<std::size_t>(std::countr_zero(found)) / 8;
      return true;
    }
  }
  return false;
}

// Where the first quote or backslash at or after `at` is; the size of the text if there is none.
std::size_t find_special(std::string_view text, std::size_t at, char quote) {
  auto mask = [quote](std::uint64_t word) { return mask_of(word, quote) | mask_of(word, '\\'); };
  if (find_in_words(text, at, mask)) return at;
  while (at < text.size() && text[at] != quote && text[at] != '\\') ++at;
  return at;
}

// How many bytes at the front are written as they are.
std::size_t plain_run(std::string_view text) {
  std::size_t run = 0;
  const bool found = find_in_words(text, run, [](std::uint64_t word) {
    const std::uint64_t control = (word - kOnes * 0x20) & ~word;
    return ((control | word) & kHighs) | mask_of(word, '"') | mask_of(word, '\\') | mask_of(word, 0x7f);
  });
  while (!found && run < text.size() && kPlain[static_cast<unsigned char>(text[run])]) ++run;
  return run;
}

// Appends the escape or the sequence at the front of `text`; returns how many bytes of it were used.
std::size_t append_special(std::string_view text, std::string& out) {
  const auto c = static_cast<unsigned char>(text[0]);
  switch (c) {
    case '"': out += "\\\""; return 1;
    case '\\': out += "\\\\"; return 1;
    case '\n': out += "\\n"; return 1;
    case '\r': out += "\\r"; return 1;
    case '\t': out += "\\t"; return 1;
    default: break;
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
  const std::size_t begin = out.size();
  std::size_t run = 0;  // of the text, written as it is: all of it as a rule, and then in one step
  out.resize_and_overwrite(begin + text.size() + 2, [&](char* at, std::size_t) {
    at[begin] = '"';
    char* const to = at + begin + 1;
    text.copy(to, text.size());
    run = plain_run(text);
    to[run] = '"';
    return begin + run + 2;
  });
  if (run == text.size()) return;
  out.pop_back();
  while (run < text.size()) {
    run += append_special(text.substr(run), out);
    const std::size_t plain = plain_run(text.substr(run));
    out.append(text, run, plain);
    run += plain;
  }
  out.push_back('"');
}

bool JsonScanner::string(std::string& scratch, std::string_view& out) {
  const char quote = peek();
  if (quote != '"' && quote != '\'') return false;
  const std::size_t begin = at_ + 1;
  at_ = find_special(text_, begin, quote);
  if (at_ == text_.size()) return false;
  if (text_[at_] == quote) {
    out = std::string_view(text_.data() + begin, at_ - begin);
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
      const std::size_t run = find_special(text_, at_, quote);
      scratch.append(text_, at_ - 1, run - at_ + 1);
      at_ = run;
      continue;
    }
    if (at_ == text_.size()) return false;
    const char escape = text_[at_++];
    switch (escape) {
      case 'b': scratch.push_back('\b'); break;
      case 'f': scratch.push_back('\f'); break;
      case 'n': scratch.push_back('\n'); break;
      case 'r': scratch.push_back('\r'); break;
      case 't': scratch.push_back('\t'); break;
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
        if (unit < 0x80) {
          scratch.push_back(static_cast<char>(unit));
        } else {
          append_code_point(unit, scratch);
        }
        break;
      }
      case '"':
      case '\'':
      case '\\':
      case '/': scratch.push_back(escape); break;
      default: return false;
    }
  }
  return false;
}

bool JsonScanner::hex(std::size_t digits, char32_t& out) {
  if (text_.size() - at_ < digits) return false;
  char32_t value = 0;
  for (const char c : text_.substr(at_, digits)) {
    const int letter = c | 0x20;  // lower case
    const int digit = c >= '0' && c <= '9' ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
    if (digit < 0) return false;
    value = value << 4 | static_cast<char32_t>(digit);
  }
  at_ += digits;
  out = value;
  return true;
}

std::string_view JsonScanner::word() {
  peek();
  const std::size_t begin = at_;
  std::size_t end = begin;
  while (end < text_.size() && kInWord[static_cast<unsigned char>(text_[end])]) ++end;
  at_ = end;
  return text_.substr(begin, end - begin);
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
