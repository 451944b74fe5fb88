// The topics of this broker: their configuration, how they come to be, and their queues in the store.
// Rule: org.apache.rocketmq.broker.topic.TopicConfigManager.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "broker/config.h"
#include "store/store.h"
#include "wire/bodies/topic.h"
#include "wire/headers/send.h"

namespace gantry::broker {

inline constexpr std::string_view kDefaultTopic =
    wire::kAutoCreateTopic;  // whose permissions and queues auto-created topics inherit
inline constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";
inline constexpr std::string_view kTimerTopic = "rmq_sys_wheel_timer";
inline constexpr std::string_view kHalfTopic = "RMQ_SYS_TRANS_HALF_TOPIC";

struct Topic {
  wire::TopicConfig config;
  std::vector<store::Queue*> queues;  // by id; null until written
  std::uint64_t messages_in = 0;      // since the start of the process
  std::uint64_t bytes_in = 0;

  bool writable() const { return (config.perm & wire::perm::kWrite) != 0; }
  bool readable() const { return (config.perm & wire::perm::kRead) != 0; }
  std::int32_t queue_count() const { return std::max(config.read_queue_nums, config.write_queue_nums); }
};

class Topics {
 public:
  Topics(store::Store& store, const Config& config);

  Result<void> load();

  // Pointers stay valid until the topic is removed.
  Topic* find(std::string_view name);
  // Creates or changes. Fails with invalid_argument on a bad name, permission_denied on a system topic,
  // resource_exhausted at a limit.
  Result<Topic*> put(wire::TopicConfig config);
  // For a send to an unknown topic: inherits from default_topic when that allows it. not_found: it does not.
  Result<Topic*> create_by_send(std::string_view name, std::string_view default_topic, std::int32_t queues,
                                std::int32_t sys_flag);
  // Topics that the broker makes for itself (retry, dead letter): found, or created with these queues.
  Result<Topic*> ensure(std::string_view name, std::int32_t queues);
  bool remove(std::string_view name);  // with its messages; false: there was none

  // The store's queue; created on first use. queue_id must be below queue_count().
  store::Queue& queue(Topic& topic, std::int32_t queue_id);
  // nullptr when nothing was ever written to it.
  store::Queue* written_queue(Topic& topic, std::int32_t queue_id);

  std::size_t size() const { return topics_.size(); }
  const wire::DataVersion& version() const { return version_; }
  void for_each(const std::function<void(Topic&)>& visit);  // in the order of names
  bool is_system(std::string_view name) const;

  std::function<void(std::string_view)> on_removed;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Result<Topic*> add(wire::TopicConfig config, bool save);
  void changed();

  store::Store& store_;
  const Config& config_;
  std::unordered_map<std::string, std::unique_ptr<Topic>, TextHash, std::equal_to<>> topics_;
  wire::DataVersion version_;
};

}  // namespace gantry::broker
