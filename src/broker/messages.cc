#include "broker/messages.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/parse_number.h"
#include "wire/message_id.h"
#include "wire/properties.h"

namespace gantry::broker {

namespace {

constexpr std::size_t kDeliverMax = 256;  // timers delivered in one turn, so that requests get theirs
constexpr std::int64_t kDelayMsMax = INT32_MAX * std::int64_t{1000};  // of one delay; more would overflow
constexpr std::size_t kKeysMax = 32;                                  // of one message, that it can be found by

// What the broker needs of a message's properties, found in one pass.
struct Known {
  std::string_view tags, keys, unique_key, delay_level, deliver_ms, delay_sec, delay_ms, transaction;
};

Known known_properties(std::string_view encoded) {
  namespace property = wire::property;
  Known known;
  wire::for_each_property(encoded, [&](std::string_view name, std::string_view value) {
    if (name == property::kTags) {
      known.tags = value;
    } else if (name == property::kKeys) {
      known.keys = value;
    } else if (name == property::kUniqueKey) {
      known.unique_key = value;
    } else if (name == property::kDelayTimeLevel) {
      known.delay_level = value;
    } else if (name == property::kTimerDeliverMs) {
      known.deliver_ms = value;
    } else if (name == property::kTimerDelaySec) {
      known.delay_sec = value;
    } else if (name == property::kTimerDelayMs) {
      known.delay_ms = value;
    } else if (name == property::kTransactionPrepared) {
      known.transaction = value;
    }
    return true;
  });
  return known;
}

}  // namespace

Messages::Messages(boost::asio::io_context& io, store::Store& store, Topics& topics, const Config& config,
                   queueing::DelayLevels delay_levels, wire::Host store_host)
    : store_(store),
      topics_(topics),
      config_(config),
      delay_levels_(std::move(delay_levels)),
      store_host_(store_host),
      alarm_(io, [this] { deliver_due(); }) {}

std::string Messages::message_id(std::uint64_t physical_offset) const {
  return wire::encode_offset_message_id({store_host_, static_cast<std::int64_t>(physical_offset)});
}

Result<Messages::Stored> Messages::put(Topic& topic, std::int32_t queue_id, wire::MessageView message) {
  const Known known = known_properties(message.properties);
  if (known.transaction == "true") return put_now(topic, queue_id, message);
  std::optional<std::int64_t> due_ms;
  if (!known.deliver_ms.empty()) {
    due_ms = parse_number<std::int64_t>(known.deliver_ms);
    if (due_ms) due_ms = std::max<std::int64_t>(*due_ms, 0);
  } else if (!known.delay_sec.empty()) {
    if (auto seconds = parse_number<std::int64_t>(known.delay_sec))
      due_ms = store_.now_ms() + std::clamp<std::int64_t>(*seconds, 0, kDelayMsMax / 1000) * 1000;
  } else if (!known.delay_ms.empty()) {
    if (auto delay = parse_number<std::int64_t>(known.delay_ms))
      due_ms = store_.now_ms() + std::clamp<std::int64_t>(*delay, 0, kDelayMsMax);
  } else if (!known.delay_level.empty()) {
    const auto asked = parse_number<std::int32_t>(known.delay_level);
    if (!asked) {
      return fail(Errc::invalid_argument, "delayed message: its level \"{}\" is not a number",
                  known.delay_level.substr(0, 32));
    }
    const int level = std::clamp(*asked, 0, 64);
    if (level > 0) {
      return put_later(topic, queue_id, message, store_.now_ms() + delay_levels_.delay_ms(level), kScheduleTopic,
                       std::min(level, delay_levels_.max_level()) - 1);
    }
    return put_now(topic, queue_id, message);
  } else {
    return put_now(topic, queue_id, message);
  }
  if (!due_ms) return fail(Errc::invalid_argument, "timer message: its delivery time is not a number");
  if (*due_ms - store_.now_ms() > config_.timer_delay_ms_max) {
    return fail(Errc::invalid_argument, "timer message: its delivery is more than {} s away, the maximum",
                config_.timer_delay_ms_max / 1000);
  }
  if (*due_ms <= store_.now_ms()) return put_now(topic, queue_id, message);
  return put_later(topic, queue_id, message, *due_ms, kTimerTopic, 0);
}

Result<Messages::Stored> Messages::put_now(Topic& topic, std::int32_t queue_id, wire::MessageView message) {
  if (auto admitted = store_.admit_append(); !admitted) return std::unexpected(admitted.error());
  const Known known = known_properties(message.properties);
  message.topic = topic.config.topic_name;
  message.queue_id = queue_id;
  message.store_host = store_host_;
  message.store_timestamp_ms = store_.now_ms();
  std::uint64_t hashes[kKeysMax];
  std::size_t hash_count = 0;
  if (!known.unique_key.empty()) hashes[hash_count++] = store::MessageLog::hash_key(message.topic, known.unique_key);
  for (std::string_view rest = known.keys; !rest.empty() && hash_count < kKeysMax;) {
    const std::size_t end = rest.find(wire::kKeySeparator);
    const std::string_view key = rest.substr(0, end);
    if (!key.empty()) hashes[hash_count++] = store::MessageLog::hash_key(message.topic, key);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  store::Queue& queue = topics_.queue(topic, queue_id);
  store::MessageLog& log = store_.log();
  auto place = log.reserve(queue, wire::record_bytes(message),
                           {wire::tags_code(known.tags), message.store_timestamp_ms, {hashes, hash_count}});
  if (!place) return std::unexpected(place.error());
  message.queue_offset = place->queue_offset;
  message.physical_offset = static_cast<std::int64_t>(place->physical_offset);
  if (auto encoded = wire::encode_record(message, place->bytes); !encoded) return std::unexpected(encoded.error());

  log.append(queue, *place);
  ++topic.messages_in;
  topic.bytes_in += place->bytes.size();
  last_record_ = {place->bytes.data(), place->bytes.size()};
  return Stored{place->physical_offset, place->queue_offset, message.store_timestamp_ms};
}

// The message waits under the topic that Java brokers use for it, so that it can be seen there, and as a timer that
// owns its record, so that retention of the log does not matter.
Result<Messages::Stored> Messages::put_later(Topic& topic, std::int32_t queue_id, const wire::MessageView& message,
                                             std::int64_t due_ms, std::string_view waiting_topic,
                                             std::int32_t waiting_queue) {
  Topic* waiting = topics_.find(waiting_topic);
  if (waiting == nullptr || waiting_queue >= waiting->queue_count()) {
    return fail(Errc::internal, "topic {} cannot hold delayed messages", waiting_topic);
  }
  std::string properties(message.properties);
  auto set = wire::set_property(properties, wire::property::kRealTopic, topic.config.topic_name);
  if (set) set = wire::set_property(properties, wire::property::kRealQueueId, std::to_string(queue_id));
  if (!set) return std::unexpected(set.error());
  wire::MessageView waits = message;
  waits.properties = properties;
  auto stored = put_now(*waiting, waiting_queue, waits);
  if (!stored) return stored;
  if (auto added = store_.add_timer(due_ms, stored->physical_offset, last_record_); !added)
    return std::unexpected(added.error());
  wait_durable(due_ms, topic.config.topic_name);
  return stored;
}

// Before its row is durable a timer cannot be found, whatever the clock did meanwhile: it may be due when it is.
void Messages::wait_durable(std::int64_t due_ms, std::string topic) {
  store_.when_durable([this, due_ms, topic = std::move(topic), alive = alive_](const Result<void>& result) {
    if (!result || !*alive) return;
    ++waiting_[topic];
    delivered_until_ms_ = std::min(delivered_until_ms_, due_ms);
    arm(due_ms);
  });
}

Result<void> Messages::load() {
  return store_.for_each_timer([this](std::string_view record) {
    const auto message = wire::decode_record(record);
    const auto topic = message ? message->property(wire::property::kRealTopic) : std::nullopt;
    if (topic) ++waiting_[std::string(*topic)];
  });
}

void Messages::no_longer_waiting(const std::string& topic) {
  const auto found = waiting_.find(topic);
  if (found != waiting_.end() && --found->second <= 0) waiting_.erase(found);
}

void Messages::start() { arm_next(0); }

void Messages::arm_next(std::int64_t from_ms) {
  const auto next = store_.next_due_ms(from_ms);
  if (!next) {
    spdlog::error("broker: delayed messages cannot be read: {}", next.error().message);
    return arm(store_.now_ms() + 1000);
  }
  if (*next) arm(**next);
}

void Messages::arm(std::int64_t due_ms) {
  alarm_.ring_after(std::chrono::milliseconds(std::max<std::int64_t>(due_ms - store_.now_ms(), 1)));
}

void Messages::deliver_due() {
  if (delivering_) return;  // looks again when that is durable
  const std::int64_t now_ms = store_.now_ms();
  auto due = store_.due_timers(delivered_until_ms_, now_ms, kDeliverMax);
  if (!due) {
    spdlog::error("broker: delayed messages cannot be read: {}", due.error().message);
    arm(now_ms + 1000);
    return;
  }
  if (due->empty()) {
    delivered_until_ms_ = now_ms;
    arm_next(delivered_until_ms_);
    return;
  }
  std::vector<std::string> delivered;
  const bool all = std::ranges::all_of(*due, [&](const auto& timer) { return deliver(timer, delivered); });
  delivering_ = true;
  store_.when_durable([this, all, delivered = std::move(delivered), alive = alive_](const Result<void>& result) {
    if (!*alive) return;
    delivering_ = false;
    if (result) {
      for (const std::string& topic : delivered) no_longer_waiting(topic);
    } else {
      delivered_until_ms_ = 0;
    }
    arm(store_.now_ms() + (result && all ? 0 : 1000));  // the disk refuses: all is still stored
  });
}

bool Messages::deliver(const store::Store::Timer& timer, std::vector<std::string>& delivered) {
  auto message = wire::decode_record(timer.record);
  const auto real_topic = message ? message->property(wire::property::kRealTopic) : std::nullopt;
  if (!real_topic) {
    spdlog::error("broker: a delayed message without its topic is dropped");
    store_.erase_timer(timer.due_ms, timer.sequence);
    return true;
  }
  Topic* topic = topics_.find(*real_topic);
  if (topic == nullptr || topic->queue_count() == 0) {
    spdlog::warn("broker: a delayed message for topic {} is dropped: the topic was deleted", *real_topic);
    store_.erase_timer(timer.due_ms, timer.sequence);
    delivered.emplace_back(*real_topic);
    return true;
  }
  const auto wanted =
      parse_number<std::int64_t>(message->property(wire::property::kRealQueueId).value_or("0")).value_or(0);
  const auto queue_id = static_cast<std::int32_t>(std::clamp<std::int64_t>(wanted, 0, topic->queue_count() - 1));
  std::string properties(message->properties);
  for (const auto name : {wire::property::kDelayTimeLevel, wire::property::kTimerDeliverMs,
                          wire::property::kTimerDelaySec, wire::property::kTimerDelayMs}) {
    wire::erase_property(properties, name);
  }
  wire::MessageView due = *message;
  due.properties = properties;
  if (auto stored = put_now(*topic, queue_id, due); !stored) {
    if (stored.error().code != Errc::invalid_argument) return false;
    spdlog::error("broker: a delayed message for topic {} is dropped: {}", *real_topic, stored.error().message);
  }
  store_.erase_timer(timer.due_ms, timer.sequence);
  delivered.emplace_back(*real_topic);
  return true;
}

}  // namespace gantry::broker
