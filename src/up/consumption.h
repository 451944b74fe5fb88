// How many messages the watched groups have consumed since the start: how far each queue's offset has moved since it was
// first seen. A count that grows and never shrinks; while a part of it cannot be read, all of it is unknown. Values in,
// values out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lag/source.h"

namespace gantry::up {

class Consumption {
 public:
  // new_broker: the broker was empty when we started, so that every queue began at offset 0.
  explicit Consumption(bool new_broker) : new_broker_(new_broker) {}

  // The readings of one moment, one for each watched pair in the same order. Empty: unknown now; what is consumed
  // meanwhile counts as soon as it can be read.
  std::optional<std::int64_t> update(const std::vector<lag::LagQuery>& watched,
                                     const std::vector<Result<lag::LagReading>>& readings);

 private:
  struct Queue {
    std::int64_t first = 0;     // where the group stood when the queue was first seen
    std::int64_t consumed = 0;  // the most that was seen: an offset that a late commit throws back is told again
  };

  bool update_group(const std::string& pair, const lag::LagReading& reading);

  bool new_broker_;
  std::map<std::string, Queue> queues_;  // by topic, group, broker and id
  std::set<std::string> unborn_;         // topic and group, whose topic did not exist when first looked for
};

}  // namespace gantry::up
