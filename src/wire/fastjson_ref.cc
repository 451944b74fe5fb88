#include "wire/fastjson_ref.h"

#include <charconv>
#include <string>
#include <string_view>

namespace gantry::wire {
namespace {

namespace json = boost::json;

constexpr std::size_t kCopyDepthMax = 64;

class Resolver {
 public:
  Resolver(json::value& root, std::size_t values_max) : root_(root), values_left_(values_max) {}

  Result<void> resolve(json::value& value, std::size_t depth) {
    if (depth > kCopyDepthMax) return fail(Errc::corrupt, "JSON: references that refer to each other");
    if (json::array* array = value.if_array()) {
      for (json::value& item : *array) {
        Result<void> result = resolve(item, depth + 1);
        if (!result) return result;
      }
    } else if (json::object* object = value.if_object()) {
      if (const json::value* path = object->if_contains("$ref"); path != nullptr && object->size() == 1) {
        return replace(value, *path, depth);
      }
      for (auto& member : *object) {
        Result<void> result = resolve(member.value(), depth + 1);
        if (!result) return result;
      }
    }
    return {};
  }

 private:
  Result<void> replace(json::value& value, const json::value& path, std::size_t depth) {
    const json::value* target = path.is_string() ? find(path.get_string()) : nullptr;
    if (target == nullptr) return fail(Errc::corrupt, "JSON: a reference that leads nowhere");
    const std::size_t size = count(*target);
    // what was seen before cannot contain this reference, unless it is circular
    if (size > values_left_) return fail(Errc::resource_exhausted, "JSON: too many values behind references");
    values_left_ -= size;
    json::value copy = *target;
    value = std::move(copy);
    return resolve(value, depth + 1);
  }

  static std::size_t count(const json::value& value) {
    std::size_t sum = 1;
    if (const json::array* array = value.if_array()) {
      for (const json::value& item : *array) sum += count(item);
    } else if (const json::object* object = value.if_object()) {
      for (const auto& member : *object) sum += count(member.value());
    }
    return sum;
  }

  // "$.member[3].other\.member": from the root, with backslashes before characters that would end a name.
  const json::value* find(std::string_view path) const {
    if (!path.starts_with('$')) return nullptr;
    path.remove_prefix(1);
    const json::value* at = &root_;
    while (at != nullptr && !path.empty()) {
      if (path.starts_with('[')) {
        at = element(*at, path);
      } else if (path.starts_with('.')) {
        path.remove_prefix(1);
        at = member(*at, path);
      } else {
        return nullptr;
      }
    }
    return at;
  }

  static const json::value* element(const json::value& value, std::string_view& path) {
    std::size_t index = 0;
    auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
    const auto used = static_cast<std::size_t>(end - path.data());
    if (error != std::errc{} || used == path.size() || path[used] != ']') return nullptr;
    path.remove_prefix(used + 1);
    const json::array* array = value.if_array();
    return array != nullptr ? array->if_contains(index) : nullptr;
  }

  static const json::value* member(const json::value& value, std::string_view& path) {
    std::string name;
    while (!path.empty() && path[0] != '.' && path[0] != '[') {
      if (path[0] == '\\' && path.size() > 1) path.remove_prefix(1);
      name.push_back(path[0]);
      path.remove_prefix(1);
    }
    const json::object* object = value.if_object();
    return object != nullptr ? object->if_contains(name) : nullptr;
  }

  json::value& root_;
  std::size_t values_left_;
};

}  // namespace

Result<void> resolve_references(boost::json::value& root, std::size_t values_max) {
  return Resolver(root, values_max).resolve(root, 0);
}

}  // namespace gantry::wire
