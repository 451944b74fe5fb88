#include "queueing/queue_locks.h"

#include <fmt/format.h>

namespace gantry::queueing {
namespace {

std::string key_of(std::string_view group, std::string_view queue) { return fmt::format("{}\n{}", group, queue); }

}  // namespace

bool QueueLocks::try_lock(std::string_view group, std::string_view queue, std::string_view client,
                          std::int64_t now_ms) {
  const std::string key = key_of(group, queue);
  auto found = locks_.find(key);
  if (found == locks_.end()) {
    if (locks_.size() >= kLocksMax) return false;
    found = locks_.emplace(key, Lock{}).first;
  } else if (found->second.client != client && now_ms - found->second.renewed_ms <= kLockMsMax) {
    return false;
  }
  found->second = Lock{std::string(client), now_ms};
  return true;
}

void QueueLocks::unlock(std::string_view group, std::string_view queue, std::string_view client) {
  auto found = locks_.find(key_of(group, queue));
  if (found != locks_.end() && found->second.client == client) locks_.erase(found);
}

void QueueLocks::forget_expired(std::int64_t now_ms) {
  std::erase_if(locks_, [&](const auto& entry) { return now_ms - entry.second.renewed_ms > kLockMsMax; });
}

}  // namespace gantry::queueing
