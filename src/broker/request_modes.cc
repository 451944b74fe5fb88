#include "broker/request_modes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/parse_number.h"
#include "broker/setting_keys.h"

namespace gantry::broker {

Result<void> RequestModes::load() {
  std::optional<std::string> malformed;
  auto read =
      store_.for_each_setting(setting_keys::kRequestModePrefix, [&](std::string_view name, std::string_view value) {
        RequestMode mode;
        mode.pop = value.starts_with("POP ");
        const std::string_view share = value.substr(std::min(value.find(' ') + 1, value.size()));
        const auto number = parse_number<std::int32_t>(share);
        if (!number || !(mode.pop || value.starts_with("PULL "))) {
          malformed = fmt::format("the stored request mode \"{}\" is malformed: {}", name, value.substr(0, 64));
          return;
        }
        mode.share = *number;
        modes_[std::string(name)] = mode;
      });
  if (read && malformed) return fail(Errc::corrupt, "{}", *malformed);
  return read;
}

RequestMode RequestModes::find(std::string_view topic, std::string_view group) const {
  auto found = modes_.find(setting_keys::request_mode_key(topic, group));
  return found != modes_.end() ? found->second : RequestMode{};
}

void RequestModes::set(std::string_view topic, std::string_view group, RequestMode mode) {
  const std::string key = setting_keys::request_mode_key(topic, group);
  modes_[key] = mode;
  store_.put(key, fmt::format("{} {}", mode.pop ? "POP" : "PULL", mode.share));
}

}  // namespace gantry::broker
