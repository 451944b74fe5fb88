#include "broker/request_modes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/parse_number.h"

namespace gantry::broker {
namespace {

constexpr std::string_view kPrefix = "request-mode\n";

std::string key_of(std::string_view topic, std::string_view group) { return fmt::format("{}\n{}", topic, group); }

}  // namespace

Result<void> RequestModes::load() {
  std::optional<std::string> malformed;
  auto read = store_.for_each_setting(kPrefix, [&](std::string_view name, std::string_view value) {
    RequestMode mode;
    mode.pop = value.starts_with("POP ");
    const std::string_view share = value.substr(std::min(value.find(' ') + 1, value.size()));
    const auto number = parse_number<std::int32_t>(share);
    if (!number || !(mode.pop || value.starts_with("PULL "))) {
      malformed = fmt::format("the stored request mode \"{}\" is malformed: {}", name, value.substr(0, 64));
      return;
    }
    mode.share = *number;
    modes_[std::string(name.substr(kPrefix.size()))] = mode;
  });
  if (read && malformed) return fail(Errc::corrupt, "{}", *malformed);
  return read;
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
