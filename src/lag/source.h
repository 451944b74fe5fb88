// Where lag comes from. One interface, so that what scales does not know which broker it looks at.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "base/error.h"
#include "lag/arithmetic.h"
#include "lag/reading.h"

namespace gantry::lag {

struct LagQuery {
  std::string topic;
  std::string group;
  OffsetResetPolicy policy = OffsetResetPolicy::earliest;
};

class LagSource {
 public:
  virtual ~LagSource() = default;
  // A reading that is partly unknown is a value. An error means that nothing at all is known: the topic does not exist
  // (not_found), nobody answers (unavailable, timeout), or nobody may know (unauthenticated, permission_denied).
  virtual boost::asio::awaitable<Result<LagReading>> read(LagQuery query) = 0;
};

}  // namespace gantry::lag
