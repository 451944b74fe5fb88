#include "wire/properties.h"

#include "wire/utf8.h"

namespace gantry::wire {
namespace {

bool holds_separator(std::string_view text) {
  return text.find(kNameValueSeparator) != std::string_view::npos ||
         text.find(kPropertySeparator) != std::string_view::npos;
}

Result<void> append_property(std::string_view name, std::string_view value, std::string& out) {
  if (value.empty()) return {};
  if (name.empty()) return fail(Errc::invalid_argument, "a property without a name");
  if (holds_separator(name) || holds_separator(value)) {
    return fail(Errc::invalid_argument, "property {}: the bytes 1 and 2 separate properties and cannot be in one",
                name.substr(0, 64));
  }
  out.append(name).push_back(kNameValueSeparator);
  out.append(value).push_back(kPropertySeparator);
  return {};
}

Result<void> check_length(std::size_t bytes) {
  if (bytes <= kPropertiesBytesMax) return {};
  return fail(Errc::invalid_argument, "the properties take {} bytes, at most {} can be sent", bytes,
              kPropertiesBytesMax);
}

}  // namespace

Result<void> encode_properties(const Properties& properties, std::string& out) {
  const std::size_t begin = out.size();
  Result<void> result;
  for (const auto& [name, value] : properties) {
    result = append_property(name, value, out);
    if (!result) break;
  }
  if (result) result = check_length(out.size() - begin);
  if (!result) out.resize(begin);
  return result;
}

Properties decode_properties(std::string_view encoded) {
  Properties properties;
  for_each_property(encoded, [&](std::string_view name, std::string_view value) {
    properties.add(name, value);
    return true;
  });
  return properties;
}

std::optional<std::string_view> find_property(std::string_view encoded, std::string_view name) {
  std::optional<std::string_view> found;
  for_each_property(encoded, [&](std::string_view candidate, std::string_view value) {
    if (candidate == name) found = value;
    return !found;
  });
  return found;
}

Result<void> set_property(std::string& encoded, std::string_view name, std::string_view value) {
  std::string changed = encoded;
  erase_property(changed, name);
  if (!changed.empty() && changed.back() != kPropertySeparator) changed.push_back(kPropertySeparator);
  Result<void> result = append_property(name, value, changed);
  if (result) result = check_length(changed.size());
  if (result) encoded = std::move(changed);
  return result;
}

void erase_property(std::string& encoded, std::string_view name) {
  std::string kept;
  bool erased = false;
  for_each_property(encoded, [&](std::string_view candidate, std::string_view value) {
    if (candidate == name) {
      erased = true;
    } else {
      kept.append(candidate).push_back(kNameValueSeparator);
      kept.append(value).push_back(kPropertySeparator);
    }
    return true;
  });
  if (erased) encoded = std::move(kept);
}

std::int32_t java_string_hash(std::string_view text) {
  std::uint32_t hash = 0;
  while (!text.empty()) {
    CodePoint point = next_code_point(text);
    text.remove_prefix(point.bytes);
    if (point.value >= 0x10000) {
      hash = 31 * hash + (0xd800 + ((point.value - 0x10000) >> 10));
      hash = 31 * hash + (0xdc00 + ((point.value - 0x10000) & 0x3ff));
    } else {
      hash = 31 * hash + point.value;
    }
  }
  return static_cast<std::int32_t>(hash);
}

std::int64_t tags_code(std::string_view tag) { return java_string_hash(tag); }

}  // namespace gantry::wire
