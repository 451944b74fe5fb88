#include "kube/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/parse_number.h"

namespace gantry::kube {
namespace {

constexpr std::array<std::string_view, 22> kBooleans = {"y",  "Y",  "yes",  "Yes",  "YES",  "n",     "N",     "no",
                                                        "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE",
                                                        "on", "On", "ON",   "off",  "Off",  "OFF"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_integer(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  auto all = [](std::string_view digits, std::string_view alphabet) {
    return !digits.empty() && digits.find_first_not_of(alphabet) == std::string_view::npos;
  };
  if (text.starts_with("0x")) return all(text.substr(2), "0123456789abcdefABCDEF_");
  if (text.starts_with("0b")) return all(text.substr(2), "01_");
  if (text.starts_with("0o")) return all(text.substr(2), "01234567_");
  return !text.empty() && is_digit(text[0]) && all(text, "0123456789_");
}

bool is_real(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN")
    return true;
  std::size_t i = 0, digits = 0;
  while (i < text.size() && is_digit(text[i])) ++i, ++digits;
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (i < text.size() && is_digit(text[i])) ++i, ++digits;
  }
  if (digits == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == from) return false;
  }
  return i == text.size();
}

struct Unit {
  std::string_view name;
  double ms;
};
constexpr std::array<Unit, 7> kUnits = {
    {{"ns", 1e-6}, {"us", 1e-3}, {"\xc2\xb5s", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}};

std::optional<int> base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

}  // namespace

Node::Type resolve_plain_scalar(std::string_view text) {
  if (std::ranges::find(kBooleans, text) != kBooleans.end()) return Node::Type::boolean;
  if (is_integer(text)) return Node::Type::integer;
  if (is_real(text)) return Node::Type::real;
  return Node::Type::text;
}

Result<std::int64_t> parse_integer(std::string_view text) {
  const auto value = parse_number<std::int64_t>(text);
  if (!value) return fail(Errc::invalid_argument, "expected an integer, got {}", quoted(text));
  return *value;
}

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument, "expected a duration such as 500ms, 2s or 1m30s, got {}", quoted(text));
  };
  if (text == "0") return 0;
  std::string_view rest = text;
  double total_ms = 0;
  if (rest.empty()) return bad();
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    double number = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, number, std::chars_format::fixed);
    if (digits == 0 || error != std::errc() || end != rest.data() + digits) return bad();
    rest.remove_prefix(digits);
    const std::string_view name = rest.substr(0, std::min(rest.find_first_of("0123456789."), rest.size()));
    const auto* unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == kUnits.end()) return bad();
    rest.remove_prefix(name.size());
    total_ms += number * unit->ms;
  }
  constexpr double century_ms = 100.0 * 365.25 * 24 * 3600e3;
  if (!(total_ms < century_ms)) return bad();
  return static_cast<std::int64_t>(total_ms + 0.5);
}

Result<std::string> decode_base64(std::string_view text) {
  // The text may be a secret: no error shows it.
  const auto bad = [] { return fail(Errc::invalid_argument, "expected base64 text, got something else"); };
  std::string out;
  std::uint32_t bits = 0;
  int count = 0, padding = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    auto value = base64_value(c);
    if (!value || padding > 0) return bad();
    bits = (bits << 6) | static_cast<std::uint32_t>(*value);
    if (++count % 4 == 0) {
      out += static_cast<char>(bits >> 16);
      out += static_cast<char>(bits >> 8);
      out += static_cast<char>(bits);
      bits = 0;
    }
  }
  const int left = count % 4;
  if (left == 1 || padding != (4 - left) % 4) return bad();
  if (left >= 2) out += static_cast<char>(bits >> (left == 2 ? 4 : 10));
  if (left == 3) out += static_cast<char>(bits >> 2);
  return out;
}

Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes = c == '\\' && quote != '\'';
    if (escapes) {
      if (++i == text.size())
        return fail(Errc::invalid_argument, "expected a character after the last backslash of {}", quoted(text));
      word += text[i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) out.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return fail(Errc::invalid_argument, "expected a closing {} in {}", quote, quoted(text));
  if (in_word) out.push_back(std::move(word));
  return out;
}

std::string shortened(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (out.size() >= 60) {
      // not in the middle of a UTF-8 character
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
      if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
      return out + "...";
    }
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += '?';
    } else {
      out += c;
    }
  }
  return out;
}

std::string quoted(std::string_view text) { return '"' + shortened(text) + '"'; }

}  // namespace gantry::kube
