#include "broker/request_modes.h"

#include <fmt/format.h>

#include <charconv>

namespace gantry::broker {
namespace {

constexpr std::string_view kPrefix = "request-mode\n";

std::string key_of(std::string_view topic, std::string_view group) { return fmt::format("{}\n{}", topic, group); }

}  // namespace

Result<void> RequestModes::load() {
  return store_.for_each_setting(kPrefix, [&](std::string_view name, std::string_view value) {
    RequestMode mode;
    mode.pop = value.starts_with("POP ");
    const std::size_t number = value.find(' ') + 1;
    std::from_chars(value.data() + number, value.data() + value.size(), mode.share);
    modes_[std::string(name.substr(kPrefix.size()))] = mode;
  });
}

RequestMode RequestModes::find(std::string_view topic, std::string_view group) const {
  auto found = modes_.find(key_of(topic, group));
  return found != modes_.end() ? found->second : RequestMode{};
}

void RequestModes::set(std::string_view topic, std::string_view group, RequestMode mode) {
  const std::string key = key_of(topic, group);
  modes_[key] = mode;
  store_.put(fmt::format("{}{}", kPrefix, key), fmt::format("{} {}", mode.pop ? "POP" : "PULL", mode.share));
}

}  // namespace gantry::broker
