// Subscriptions as requests bring them, refused when they are none: this broker filters by tags only.
#pragma once

#include <string_view>

#include "base/error.h"
#include "queueing/subscription.h"

namespace gantry::broker {

// Fails with invalid_argument when the expression holds no tag ("||"), with unimplemented for a type other than TAG.
Result<queueing::Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                                  std::string_view type, std::int64_t version);

}  // namespace gantry::broker
