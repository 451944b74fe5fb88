#include "broker/groups.h"

#include <spdlog/spdlog.h>

#include "broker/setting_keys.h"
#include "broker/stored_settings.h"
#include "queueing/topic_names.h"
#include "wire/body.h"

namespace gantry::broker {

Result<void> Groups::load() {
  version_.timestamp_ms = store_.now_ms();
  return read_settings(store_, setting_keys::kGroupPrefix,
                       [this](std::string_view name, std::string_view value) -> Result<void> {
                         auto group = wire::decode_body<wire::SubscriptionGroupConfig>(value);
                         if (!group) return fail(Errc::corrupt, "{}", group.error().message);
                         std::string group_name = group->group_name;
                         if (setting_keys::group_key(group_name) != name)
                           return fail(Errc::corrupt, "not the group of its name");
                         groups_.insert_or_assign(std::move(group_name), std::move(*group));
                         return {};
                       });
}

const wire::SubscriptionGroupConfig* Groups::find(std::string_view name) const {
  auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

Result<const wire::SubscriptionGroupConfig*> Groups::get(std::string_view name) {
  if (const auto* group = find(name)) return group;
  if (!config_.auto_create_groups) return fail(Errc::not_found, "consumer group {} does not exist", name);
  wire::SubscriptionGroupConfig group;
  group.group_name.assign(name);
  if (auto made = put(std::move(group)); !made) return std::unexpected(made.error());
  spdlog::info("broker: consumer group {} created", name);
  return find(name);
}

Result<void> Groups::put(wire::SubscriptionGroupConfig group) {
  if (!queueing::is_valid_group(group.group_name)) {
    return fail(Errc::invalid_argument,
                "consumer group name \"{}\" is not valid: 1 to 255 letters, digits, %, |, - or _",
                group.group_name.substr(0, 300));
  }
  if (!groups_.contains(group.group_name) && groups_.size() >= config_.groups_max) {
    return fail(Errc::resource_exhausted, "there are {} consumer groups already, the maximum", config_.groups_max);
  }
  store_.put(setting_keys::group_key(group.group_name), wire::encode_body(group));
  std::string name = group.group_name;
  groups_.insert_or_assign(std::move(name), std::move(group));
  ++version_.counter;
  version_.timestamp_ms = store_.now_ms();
  return {};
}

bool Groups::remove(std::string_view name) {
  auto found = groups_.find(name);
  if (found == groups_.end()) return false;
  store_.erase(setting_keys::group_key(found->first));
  groups_.erase(found);
  ++version_.counter;
  return true;
}

}  // namespace gantry::broker
