#include "broker/access_control.h"

#include "queueing/topic_names.h"
#include "wire/signature.h"

namespace gantry::broker {

namespace {

bool allows(const std::vector<std::string>& patterns, std::string_view name) {
  for (const std::string_view pattern : patterns) {
    if (pattern == name) return true;
    if (!pattern.empty() && pattern.back() == '*' && name.starts_with(pattern.substr(0, pattern.size() - 1)))
      return true;
  }
  return false;
}

bool may_use_group(const User& user, std::string_view group) { return allows(user.groups, group); }

// A retry topic belongs to a group: %RETRY%group, or %RETRY%group_topic and %RETRY%group+topic, for which the topic is
// needed as well. Where the group ends in these cannot be told from the name alone.
bool may_use_topic(const User& user, std::string_view topic) {
  if (!queueing::is_retry_topic(topic)) return allows(user.topics, topic);
  const std::string_view name = topic.substr(queueing::kRetryPrefix.size());
  if (may_use_group(user, name)) return true;
  for (std::size_t at = name.find_first_of("_+"); at != std::string_view::npos; at = name.find_first_of("_+", at + 1)) {
    if (may_use_group(user, name.substr(0, at)) && allows(user.topics, name.substr(at + 1))) return true;
  }
  return false;
}

}  // namespace

AccessControl::AccessControl(const Config& config) {
  for (const auto& user : config.users) users_.emplace(user.access_key, user);
  for (const auto routes : {namesrv_routes(), broker_routes()}) {
    for (const auto& route : routes) routes_.emplace(route.code, &route);
  }
}

Result<void> AccessControl::check(const wire::Command& request) const {
  const std::string_view key = request.fields.get(wire::kAccessKeyField);
  if (key.empty())
    return fail(Errc::unauthenticated, "this broker wants signed requests: set an access key and a secret key");
  auto found = users_.find(key);
  if (found == users_.end()) return fail(Errc::unauthenticated, "no user with access key {}", key.substr(0, 64));
  const User& user = found->second;
  if (auto verified = wire::verify(request, {user.access_key, user.secret_key, {}}); !verified) return verified;
  if (user.admin) return {};

  const auto route = routes_.find(request.code);
  const Access needed = route == routes_.end() ? Access::admin : route->second->access;
  if (needed == Access::any) return {};
  if (needed == Access::admin) {
    return fail(Errc::permission_denied, "user {} may not administer (request code {})", user.access_key, request.code);
  }
  auto named = route->second->names(request);
  if (!named) return std::unexpected(named.error());
  for (const std::string& group : named->groups) {
    if (may_use_group(user, group)) continue;
    return fail(Errc::permission_denied, "user {} may not use consumer group {}", user.access_key,
                std::string_view(group).substr(0, 255));
  }
  for (const std::string& topic : named->topics) {
    if (may_use_topic(user, topic)) continue;
    return fail(Errc::permission_denied, "user {} may not use topic {}", user.access_key,
                std::string_view(topic).substr(0, 127));
  }
  if (needed == Access::named && named->groups.empty() && named->topics.empty()) {
    return fail(Errc::permission_denied, "request code {} names no topic and no consumer group", request.code);
  }
  return {};
}

}  // namespace gantry::broker
