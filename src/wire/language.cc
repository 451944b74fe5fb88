#include "wire/language.h"

#include <algorithm>
#include <array>

namespace gantry::wire {
namespace {

constexpr std::array<std::string_view, 14> kNames = {"JAVA",   "CPP",  "DOTNET", "PYTHON", "DELPHI",
                                                     "ERLANG", "RUBY", "OTHER",  "HTTP",   "GO",
                                                     "PHP",    "OMS",  "RUST",   "NODE_JS"};
constexpr std::uint8_t kOther = 7;
constexpr std::size_t kNameBytesMax = 64;

bool is_name(std::string_view text) {
  return text.size() <= kNameBytesMax && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

}  // namespace

std::string_view language_name(const Language& language) {
  if (!language.name.empty()) return language.name;
  return kNames[language.code < kNames.size() ? language.code : kOther];
}

Language language_of(std::string_view name) {
  for (std::uint8_t code = 0; code < kNames.size(); ++code) {
    if (kNames[code] == name) return {code, {}};
  }
  return {kOther, is_name(name) ? std::string(name) : std::string()};
}

}  // namespace gantry::wire
