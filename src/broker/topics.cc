#include "broker/topics.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "broker/setting_keys.h"
#include "broker/stored_settings.h"
#include "queueing/delay_levels.h"
#include "queueing/topic_names.h"
#include "wire/body.h"

namespace gantry::broker {

namespace {

wire::TopicConfig config_of(std::string_view name, std::int32_t queues, std::int32_t perm = 6) {
  wire::TopicConfig config;
  config.topic_name.assign(name);
  config.read_queue_nums = config.write_queue_nums = queues;
  config.perm = perm;
  return config;
}

}  // namespace

Topics::Topics(store::Store& store, const Config& config) : store_(store), config_(config) {
  version_.timestamp_ms = store.now_ms();
}

Result<void> Topics::load() {
  using namespace wire::perm;
  // what every broker has; never stored, so that a new version may change them
  if (config_.auto_create_topics) {
    (void)add(config_of(kDefaultTopic, config_.default_queues, kRead | kWrite | kInherit), false);
  }
  (void)add(config_of("SELF_TEST_TOPIC", 1), false);
  (void)add(config_of(config_.cluster_name, 16, kRead | kWrite | kInherit), false);
  (void)add(config_of(config_.broker_name, 1, kRead | kWrite | kInherit), false);
  (void)add(config_of(kScheduleTopic, 18), false);
  (void)add(config_of(kTimerTopic, 1), false);
  (void)add(config_of(kHalfTopic, 1), false);
  (void)add(config_of("RMQ_SYS_TRANS_OP_HALF_TOPIC", 1), false);
  (void)add(config_of("OFFSET_MOVED_EVENT", 1), false);
  (void)add(config_of("RMQ_SYS_TRACE_TOPIC", 1), false);
  (void)add(config_of(config_.cluster_name + "_REPLY_TOPIC", 1), false);
  return read_settings(store_, setting_keys::kTopicPrefix,
                       [this](std::string_view name, std::string_view value) -> Result<void> {
                         auto config = wire::decode_body<wire::TopicConfig>(value);
                         if (!config) return fail(Errc::corrupt, "{}", config.error().message);
                         if (setting_keys::topic_key(config->topic_name) != name)
                           return fail(Errc::corrupt, "not the topic of its name");
                         if (auto added = add(std::move(*config), false); !added) return std::unexpected(added.error());
                         return {};
                       });
}

Topic* Topics::find(std::string_view name) {
  auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.get();
}

bool Topics::is_system(std::string_view name) const {
  return queueing::is_system_topic(name) || name == config_.cluster_name || name == config_.broker_name ||
         (name.starts_with(config_.cluster_name) && name.substr(config_.cluster_name.size()) == "_REPLY_TOPIC");
}

Result<Topic*> Topics::put(wire::TopicConfig config) {
  if (!queueing::is_valid_topic(config.topic_name)) {
    return fail(Errc::invalid_argument, "topic name \"{}\" is not valid: 1 to 127 letters, digits, %, |, - or _",
                config.topic_name.substr(0, 200));
  }
  if (is_system(config.topic_name)) {
    return fail(Errc::permission_denied, "topic {} belongs to the broker and cannot be changed", config.topic_name);
  }
  return add(std::move(config), true);
}

Result<Topic*> Topics::create_by_send(std::string_view name, std::string_view default_topic, std::int32_t queues,
                                      std::int32_t sys_flag) {
  const Topic* base = find(default_topic);
  if (base == nullptr || (base->config.perm & wire::perm::kInherit) == 0) {
    return fail(Errc::not_found, "topic {} does not exist", name);
  }
  wire::TopicConfig config =
      config_of(name, std::clamp(queues, 0, base->config.write_queue_nums), base->config.perm & ~wire::perm::kInherit);
  config.topic_sys_flag = sys_flag;
  auto topic = put(std::move(config));
  if (topic) spdlog::info("broker: topic {} created by a send, {} queues", name, (*topic)->config.write_queue_nums);
  return topic;
}

Result<Topic*> Topics::ensure(std::string_view name, std::int32_t queues) {
  if (Topic* topic = find(name)) return topic;
  return put(config_of(name, queues));
}

Result<Topic*> Topics::add(wire::TopicConfig config, bool save) {
  if (config.read_queue_nums < 0 || config.write_queue_nums < 0 ||
      config.read_queue_nums > config_.queues_per_topic_max || config.write_queue_nums > config_.queues_per_topic_max) {
    return fail(Errc::invalid_argument, "topic {}: expected 0 to {} queues, got {} to read and {} to write",
                config.topic_name, config_.queues_per_topic_max, config.read_queue_nums, config.write_queue_nums);
  }
  auto found = topics_.find(config.topic_name);
  if (found == topics_.end()) {
    if (topics_.size() >= config_.topics_max)
      return fail(Errc::resource_exhausted, "there are {} topics already, the maximum", config_.topics_max);
    found = topics_.emplace(config.topic_name, std::make_unique<Topic>()).first;
  }
  Topic& topic = *found->second;
  topic.config = std::move(config);
  if (topic.queues.size() < static_cast<std::size_t>(topic.queue_count()))
    topic.queues.resize(static_cast<std::size_t>(topic.queue_count()));
  if (save) {
    store_.put(setting_keys::topic_key(topic.config.topic_name), wire::encode_body(topic.config));
    changed();
  }
  return &topic;
}

bool Topics::remove(std::string_view name) {
  auto found = topics_.find(name);
  if (found == topics_.end()) return false;
  const std::string topic = found->first;
  topics_.erase(found);
  store_.erase(setting_keys::topic_key(topic));
  store_.log().drop(topic);
  changed();
  if (on_removed) on_removed(topic);
  return true;
}

void Topics::changed() {
  ++version_.counter;
  version_.timestamp_ms = store_.now_ms();
}

store::Queue& Topics::queue(Topic& topic, std::int32_t queue_id) {
  store::Queue*& queue = topic.queues[static_cast<std::size_t>(queue_id)];
  if (queue == nullptr) queue = &store_.log().open(topic.config.topic_name, queue_id);
  return *queue;
}

store::Queue* Topics::written_queue(Topic& topic, std::int32_t queue_id) {
  if (queue_id < 0 || static_cast<std::size_t>(queue_id) >= topic.queues.size()) return nullptr;
  store::Queue*& queue = topic.queues[static_cast<std::size_t>(queue_id)];
  if (queue == nullptr) queue = store_.log().find(topic.config.topic_name, queue_id);
  return queue;
}

void Topics::for_each(const std::function<void(Topic&)>& visit) {
  std::vector<Topic*> sorted;
  sorted.reserve(topics_.size());
  for (auto& [name, topic] : topics_) sorted.push_back(topic.get());
  std::ranges::sort(sorted, {}, [](const Topic* topic) { return std::string_view(topic->config.topic_name); });
  for (Topic* topic : sorted) visit(*topic);
}

}  // namespace gantry::broker
