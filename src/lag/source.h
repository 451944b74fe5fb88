// Where lag comes from. One interface, so that what scales does not know which broker it looks at.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/error.h"
#include "lag/arithmetic.h"
#include "lag/reading.h"

namespace gantry::lag {

// What a reading is for, beside the lag of each queue. What is not asked for costs no request, and is empty without a
// reason.
struct LagNeeds {
  bool age = true;
  bool retry = true;
  bool dead_letter = true;
  bool consumers = true;  // how many, whether they pop, and what is in their hands
  bool delayed = false;   // messages that are held back until their delivery time: may cost reading them once

  bool covers(const LagNeeds& other) const {
    return (age || !other.age) && (retry || !other.retry) && (dead_letter || !other.dead_letter) &&
           (consumers || !other.consumers) && (delayed || !other.delayed);
  }
  LagNeeds with(const LagNeeds& other) const {
    return {age || other.age, retry || other.retry, dead_letter || other.dead_letter, consumers || other.consumers,
            delayed || other.delayed};
  }
};

struct LagQuery {
  std::string topic;
  std::string group;
  OffsetResetPolicy policy = OffsetResetPolicy::earliest;
  LagNeeds needs{};
};

class LagSource {
 public:
  virtual ~LagSource() = default;
  // A reading that is partly unknown is a value. An error means that nothing at all is known: the topic does not exist
  // (not_found), nobody answers (unavailable, timeout), or nobody may know (unauthenticated, permission_denied).
  virtual boost::asio::awaitable<Result<LagReading>> read(LagQuery query) = 0;
};

}  // namespace gantry::lag
