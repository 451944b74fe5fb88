#include "broker/tag_filter.h"

namespace gantry::broker {

Result<queueing::Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                                  std::string_view type, std::int64_t version) {
  if (!type.empty() && type != wire::kExpressionTag) {
    return fail(Errc::unimplemented, "The broker does not support consumer to filter message by {}",
                type.substr(0, 32));
  }
  queueing::Subscription subscription = queueing::subscribe(topic, expression, version);
  if (subscription.tags_set.empty() && subscription.sub_string != "*")
    return fail(Errc::invalid_argument, "the subscription expression holds no tag");
  return subscription;
}

}  // namespace gantry::broker
