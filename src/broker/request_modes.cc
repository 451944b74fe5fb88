#include "broker/request_modes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_number.h"
#include "broker/setting_keys.h"
#include "broker/stored_settings.h"

namespace gantry::broker {

Result<void> RequestModes::load() {
  return read_settings(store_, setting_keys::kRequestModePrefix,
                       [this](std::string_view name, std::string_view value) -> Result<void> {
                         RequestMode mode;
                         mode.pop = value.starts_with("POP ");
                         const std::string_view share = value.substr(std::min(value.find(' ') + 1, value.size()));
                         const auto number = parse_number<std::int32_t>(share);
                         if (!number || !(mode.pop || value.starts_with("PULL ")))
                           return fail(Errc::corrupt, "\"{}\" is no request mode", value.substr(0, 64));
                         mode.share = *number;
                         modes_[std::string(name)] = mode;
                         return {};
                       });
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
