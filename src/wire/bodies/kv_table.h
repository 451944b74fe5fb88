// A map of strings: broker runtime information (28) and the key-value lists of a name server (219).
// Rule: org.apache.rocketmq.remoting.protocol.body.KVTable.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "wire/body.h"

namespace gantry::wire {

struct KVTable {
  std::map<std::string, std::string> entries;

  static constexpr auto table() { return std::tuple{field_or("table", &KVTable::entries)}; }
  bool operator==(const KVTable&) const = default;
};

}  // namespace gantry::wire
