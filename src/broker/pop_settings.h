// What of POP outlives the broker: per group and queue, where the next pop begins, and its batches in flight. Each is one
// setting of the store, under names of setting_keys.h.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "queueing/pop_queue.h"
#include "store/store.h"

namespace gantry::broker {

// One queue of one group.
struct PopKey {
  std::string group;
  std::string topic;
  std::int32_t queue_id = 0;

  auto operator<=>(const PopKey&) const = default;
};

namespace pop_settings {

struct Stored {
  std::int64_t next_offset = 0;
  std::vector<queueing::PopBatch> batches;
};
// Everything that is stored. An error (corrupt) names the setting.
Result<std::map<PopKey, Stored>> load(store::Store& store);

void put_position(store::Store& store, const PopKey& key, std::int64_t next_offset);
void erase_position(store::Store& store, const PopKey& key);
void put_batch(store::Store& store, const PopKey& key, const queueing::PopBatch& batch);
void erase_batch(store::Store& store, const PopKey& key, queueing::PopBatchId id);

}  // namespace pop_settings
}  // namespace gantry::broker
