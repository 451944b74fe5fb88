// Which consumer of a group may consume a queue in order. A lock is held by a client id and must be renewed.
// Rule: org.apache.rocketmq.broker.client.rebalance.RebalanceLockManager.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace gantry::queueing {

class QueueLocks {
 public:
  static constexpr std::int64_t kLockMsMax = 60'000;   // a lock not renewed for that long is free
  static constexpr std::size_t kLocksMax = 1'000'000;  // further new locks are refused

  // True when `client` holds the lock afterwards: it was free, expired or already its own (which renews it).
  // queue: any text that names the queue (topic, broker and queue id). now_ms must not go back.
  bool try_lock(std::string_view group, std::string_view queue, std::string_view client, std::int64_t now_ms);
  void unlock(std::string_view group, std::string_view queue, std::string_view client);
  std::size_t size() const { return locks_.size(); }
  void forget_expired(std::int64_t now_ms);

 private:
  struct Lock {
    std::string client;
    std::int64_t renewed_ms = 0;
  };
  std::map<std::string, Lock, std::less<>> locks_;
};

}  // namespace gantry::queueing
