#include "broker/access_control.h"

#include "queueing/topic_names.h"
#include "wire/codes.h"
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

std::string_view first_of(const wire::Fields& fields, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (const std::string* value = fields.find(name)) return *value;
  }
  return {};
}

}  // namespace

AccessControl::AccessControl(const Config& config) {
  for (const auto& user : config.users) users_.emplace(user.access_key, user);
  for (const auto routes : {namesrv_routes(), broker_routes()}) {
    for (const auto& route : routes) needed_.emplace(route.code, route.access);
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

  const auto needed = needed_.find(request.code);
  switch (needed == needed_.end() ? Access::admin : needed->second) {
    case Access::any: return {};
    case Access::admin:
      return fail(Errc::permission_denied, "user {} may not administer (request code {})", user.access_key,
                  request.code);
    case Access::send: {
      const std::string_view topic = request.code == wire::request_code::kSendMessage
                                         ? first_of(request.fields, {"topic", "b"})
                                         : first_of(request.fields, {"b", "topic"});
      if (allows(user.topics, topic)) return {};
      return fail(Errc::permission_denied, "user {} may not send to topic {}", user.access_key, topic.substr(0, 127));
    }
    case Access::consume: {
      const std::string_view group = first_of(request.fields, {"consumerGroup", "group"});
      const std::string_view topic = first_of(request.fields, {"topic"});
      if (!group.empty() && !allows(user.groups, group)) {
        return fail(Errc::permission_denied, "user {} may not use consumer group {}", user.access_key,
                    group.substr(0, 255));
      }
      if (topic.empty() || queueing::is_retry_topic(topic) || allows(user.topics, topic)) return {};
      return fail(Errc::permission_denied, "user {} may not consume topic {}", user.access_key, topic.substr(0, 127));
    }
  }
  return {};
}

}  // namespace gantry::broker
