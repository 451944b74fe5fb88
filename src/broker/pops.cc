#include "broker/pops.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "broker/queue_scan.h"
#include "queueing/topic_names.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::broker {
namespace {

constexpr std::size_t kRevivedPerTurnMax = 1'000;  // messages; the rest follows in the next turn
// After a revival that failed; doubled each time up to the most.
constexpr std::int64_t kReviveAgainMs = 1'000;
constexpr std::int64_t kReviveAgainMsMax = 60'000;

}  // namespace

Pops::Pops(boost::asio::io_context& io, store::Store& store, Topics& topics, Groups& groups, Offsets& offsets,
           Messages& messages)
    : store_(store), topics_(topics), groups_(groups), offsets_(offsets), messages_(messages), alarm_(io, [this] {
        revive_due();
      }) {
  store_.add_collector([this, alive = alive_] {
    if (*alive) write_marked();
  });
}

Result<void> Pops::load() {
  auto stored = pop_settings::load(store_);
  if (!stored) return std::unexpected(stored.error());
  for (auto& [key, saved] : *stored) {
    State& state = states_[key];
    state.number = next_state_++;
    state.saved_next_offset = saved.next_offset;
    state.queue = queueing::PopQueue(saved.next_offset, std::move(saved.batches));
    schedule(key, state);
  }
  return {};
}

void Pops::start() {
  started_ = true;
  arm();
}

std::int64_t Pops::initial_offset(const Key& key, Topic& topic, bool from_max) {
  if (auto committed = offsets_.find(key.group, key.topic, key.queue_id)) return *committed;
  const store::Queue* queue = topics_.written_queue(topic, key.queue_id);
  if (queue == nullptr) return 0;
  // as Java: a group that wants the newest still gets everything of a queue that is young, else its last message
  const bool young = queue->min_offset() == 0;
  if (!from_max || young || queueing::is_retry_topic(key.topic)) return queue->min_offset();
  return std::max(queue->min_offset(), queue->max_offset() - 1);
}

Pops::State& Pops::open(const Key& key, Topic& topic, bool from_max) {
  auto found = states_.find(key);
  if (found == states_.end()) {
    found = states_.emplace(key, State{}).first;
    found->second.number = next_state_++;
    found->second.queue = queueing::PopQueue(initial_offset(key, topic, from_max), {});
    offsets_.commit(key.group, key.topic, key.queue_id, found->second.queue.commit_offset());
    mark(key, found->second);
  }
  return found->second;
}

void Pops::mark(const Key& key, State& state) {
  if (state.marked) return;
  state.marked = true;
  marked_.push_back(key);
  store_.settings_changed();
}

void Pops::mark(const Key& key, State& state, queueing::PopBatchId changed) {
  if (state.changed.empty() || state.changed.back() != changed) state.changed.push_back(changed);
  state.moved = true;
  mark(key, state);
}

void Pops::write_marked() {
  for (const Key& key : marked_) {
    auto found = states_.find(key);
    if (found != states_.end()) write(key, found->second);
  }
  marked_.clear();
}

void Pops::write(const Key& key, State& state) {
  state.marked = false;
  std::sort(state.changed.begin(), state.changed.end());
  state.changed.erase(std::unique(state.changed.begin(), state.changed.end()), state.changed.end());
  for (const queueing::PopBatchId& id : state.changed) {
    if (const queueing::PopBatch* batch = state.queue.find(id)) {
      pop_settings::put_batch(store_, key, *batch);
    } else {
      pop_settings::erase_batch(store_, key, id);
    }
  }
  state.changed.clear();
  if (state.queue.next_offset() != state.saved_next_offset) {
    state.saved_next_offset = state.queue.next_offset();
    pop_settings::put_position(store_, key, state.saved_next_offset);
  }
  if (std::exchange(state.moved, false))
    offsets_.commit(key.group, key.topic, key.queue_id, state.queue.commit_offset());
}

// A message of the retry topic is shown as one of the topic asked for, with its receipt inside: the client could not
// tell its queue from the topic's queue of the same number.
void Pops::add_record(std::string_view record, const Key& key, const Wanted& wanted, std::int64_t start_offset,
                      Found& found) {
  if (key.topic == wanted.topic) {
    found.body.append(record);
    return;
  }
  auto view = wire::decode_record(record);
  if (!view) return;  // cannot be: we wrote it
  wire::PopReceipt receipt{
      start_offset,       wanted.pop_time_ms, wanted.invisible_ms, 0, wire::retry_kind_of(key.topic),
      wanted.broker_name, key.queue_id,       view->queue_offset};
  std::string properties(view->properties);
  if (!wire::set_property(properties, wire::property::kPopCk, wire::encode_receipt(receipt)))
    properties = view->properties;
  wire::MessageView shown = *view;
  shown.topic = wanted.topic;
  shown.properties = properties;
  (void)wire::encode_record(shown, found.body);
}

std::int64_t Pops::scan(const store::Queue& queue, std::int64_t start, const Wanted& wanted, Found& found,
                        const std::function<void(std::int64_t offset, std::string_view record)>& take) {
  const ScanLimits limits{wanted.max_messages - found.messages, kBytesMax, found.body.size()};
  auto scanned = scan_queue(store_.log(), queue, start, wanted.subscription, limits,
                            [&](std::int64_t offset, std::string_view record) {
                              take(offset, record);
                              ++found.messages;
                            });
  if (scanned.error && !found.error) found.error = std::move(scanned.error);
  return scanned.next;
}

void Pops::take(Topic& topic, std::int32_t queue_id, const Wanted& wanted, Found& found) {
  store::Queue* queue = topics_.written_queue(topic, queue_id);
  if (queue == nullptr) return;
  const Key key{wanted.group, topic.config.topic_name, queue_id};
  State& state = open(key, topic, wanted.from_max);
  if (wanted.order) return take_ordered(key, state, topic, wanted, found);
  const bool full = state.queue.full() || found.messages >= wanted.max_messages;
  if (full || state.queue.next_offset() >= queue->max_offset()) {
    found.rest += std::max<std::int64_t>(0, queue->max_offset() - state.queue.next_offset());
    return;
  }
  // messages that retention deleted are passed over
  if (state.queue.next_offset() < queue->min_offset()) {
    state.queue.pop(queue->min_offset(), {}, wanted.pop_time_ms, wanted.invisible_ms);
    state.moved = true;
    mark(key, state);
  }

  const std::int64_t start = state.queue.next_offset();
  std::vector<std::int64_t> offsets;
  const std::int64_t end = scan(*queue, start, wanted, found, [&](std::int64_t offset, std::string_view record) {
    add_record(record, key, wanted, start, found);
    offsets.push_back(offset);
  });
  if (end == start) return;
  if (!offsets.empty()) {
    found.starts.push_back({wire::retry_kind_of(key.topic), queue_id, start});
    found.offsets.push_back({wire::retry_kind_of(key.topic), queue_id, offsets});
  }
  const queueing::PopBatch* batch = state.queue.pop(end, std::move(offsets), wanted.pop_time_ms, wanted.invisible_ms);
  if (batch != nullptr) mark(key, state, batch->id);
  state.moved = true;
  mark(key, state);
  schedule(key, state);
  found.rest += std::max<std::int64_t>(0, queue->max_offset() - end);
}

void Pops::take_ordered(const Key& key, State& state, Topic& topic, const Wanted& wanted, Found& found) {
  if (found.messages >= wanted.max_messages) return;
  if (!state.ordered) state.ordered = std::make_unique<queueing::OrderedPop>();
  queueing::OrderedPop& ordered = *state.ordered;
  // what waits behind a blocked queue does not count as rest: nobody can have it now
  if (ordered.blocked(wanted.attempt_id, wanted.pop_time_ms)) return;
  store::Queue& queue = *topics_.written_queue(topic, key.queue_id);
  const std::int64_t start =
      std::max(queue.min_offset(), offsets_.find(key.group, key.topic, key.queue_id).value_or(queue.min_offset()));
  std::vector<std::int64_t> offsets;
  const std::int64_t end = scan(queue, start, wanted, found, [&](std::int64_t offset, std::string_view record) {
    found.body.append(record);
    offsets.push_back(offset);
  });
  if (offsets.empty()) {
    if (end > start) offsets_.commit(key.group, key.topic, key.queue_id, end);  // none of these is for this group
    return;
  }
  const wire::RetryKind kind = wire::retry_kind_of(key.topic);
  found.starts.push_back({kind, key.queue_id, start});
  found.offsets.push_back({kind, key.queue_id, offsets});
  ordered.handed_out(wanted.attempt_id, offsets, wanted.pop_time_ms, wanted.invisible_ms);
  std::int32_t least = INT32_MAX;
  for (std::int64_t offset : offsets) {
    const std::int32_t count = ordered.consumed_times(offset);
    least = std::min(least, count);
    if (count > 0) found.order_counts.push_back({kind, key.queue_id, offset, count});
  }
  found.order_counts.push_back({kind, key.queue_id, std::nullopt, least});
  offsets_.commit(key.group, key.topic, key.queue_id, start);
  found.rest += std::max<std::int64_t>(0, queue.max_offset() - end);
  schedule(key, state);
}

bool Pops::has_messages(Topic& topic, std::int32_t queue_id, const Wanted& wanted) {
  const store::Queue* queue = topics_.written_queue(topic, queue_id);
  if (queue == nullptr) return false;
  const Key key{wanted.group, topic.config.topic_name, queue_id};
  auto found = states_.find(key);
  if (wanted.order) {
    if (found != states_.end() && found->second.ordered &&
        found->second.ordered->blocked(wanted.attempt_id, wanted.pop_time_ms))
      return false;
    return offsets_.find(key.group, key.topic, queue_id).value_or(queue->min_offset()) < queue->max_offset();
  }
  if (found != states_.end() && found->second.queue.full()) return false;
  const std::int64_t next =
      found != states_.end() ? found->second.queue.next_offset() : initial_offset(key, topic, wanted.from_max);
  return next < queue->max_offset();
}

bool Pops::ack(const Key& key, const queueing::PopBatchId& id, std::int64_t offset) {
  auto found = states_.find(key);
  if (found == states_.end()) return false;
  queueing::PopQueue& queue = found->second.queue;
  const bool was_full = queue.full();
  auto change = queue.ack(id, offset);
  if (!change) return false;
  mark(key, found->second, id);
  schedule(key, found->second);
  // who waits does so at the topic itself
  if (was_full && !queue.full() && on_available)
    on_available(queueing::pop_origin_topic(key.topic, key.group), key.queue_id);
  return true;
}

std::optional<queueing::PopBatchId> Pops::renew(const Key& key, const queueing::PopBatchId& id, std::int64_t offset,
                                                std::int64_t invisible_ms) {
  auto found = states_.find(key);
  if (found == states_.end()) return std::nullopt;
  auto renewal = found->second.queue.renew(id, offset, store_.now_ms(), invisible_ms);
  if (!renewal) return std::nullopt;
  mark(key, found->second, id);
  mark(key, found->second, renewal->new_batch->id);
  schedule(key, found->second);
  return renewal->new_batch->id;
}

queueing::OrderedPop::Ack Pops::ack_ordered(const Key& key, std::int64_t offset, std::int64_t pop_time_ms) {
  auto found = states_.find(key);
  if (found == states_.end() || !found->second.ordered) return queueing::OrderedPop::Ack::unknown;
  queueing::OrderedPop& ordered = *found->second.ordered;
  const auto outcome = ordered.ack(offset, pop_time_ms);
  if (outcome != queueing::OrderedPop::Ack::done) return outcome;
  offsets_.commit(key.group, key.topic, key.queue_id, *ordered.next_offset());
  if (!ordered.blocked("", store_.now_ms()) && on_available) on_available(key.topic, key.queue_id);
  schedule(key, found->second);
  return outcome;
}

queueing::OrderedPop::Ack Pops::renew_ordered(const Key& key, std::int64_t offset, std::int64_t pop_time_ms,
                                              std::int64_t visible_at_ms) {
  auto found = states_.find(key);
  if (found == states_.end() || !found->second.ordered) return queueing::OrderedPop::Ack::unknown;
  const auto outcome = found->second.ordered->renew(offset, pop_time_ms, visible_at_ms);
  schedule(key, found->second);
  return outcome;
}

std::optional<std::int64_t> Pops::in_flight(const Key& key) const {
  auto found = states_.find(key);
  if (found == states_.end()) return std::nullopt;
  const std::size_t ordered = found->second.ordered ? found->second.ordered->in_flight(store_.now_ms()) : 0;
  return static_cast<std::int64_t>(found->second.queue.in_flight() + ordered);
}

std::optional<std::int64_t> Pops::next_offset(const Key& key) const {
  auto found = states_.find(key);
  if (found == states_.end()) return std::nullopt;
  return found->second.queue.next_offset();
}

void Pops::reset(const Key& key, std::int64_t offset) {
  auto found = states_.find(key);
  if (found == states_.end()) return;
  for (const queueing::PopBatchId& id : found->second.queue.reset(offset)) mark(key, found->second, id);
  found->second.ordered.reset();
  found->second.moved = true;
  mark(key, found->second);
  schedule(key, found->second);
  if (on_available) on_available(key.topic, key.queue_id);
}

void Pops::forget_lost() {
  for (auto& [key, state] : states_) {
    const store::Queue* queue = store_.log().find(key.topic, key.queue_id);
    const std::int64_t end = queue == nullptr ? 0 : queue->max_offset();
    if (state.queue.next_offset() > end) reset(key, std::min(end, state.queue.commit_offset()));
  }
}

void Pops::remove(const std::function<bool(const Key&)>& which) {
  for (auto at = states_.begin(); at != states_.end();) {
    if (!which(at->first)) {
      ++at;
      continue;
    }
    for (const queueing::PopBatchId& id : at->second.changed) pop_settings::erase_batch(store_, at->first, id);
    for (const queueing::PopBatchId& id : at->second.queue.reset(0)) pop_settings::erase_batch(store_, at->first, id);
    pop_settings::erase_position(store_, at->first);
    if (at->second.due_ms) due_.erase({*at->second.due_ms, at->first});
    at = states_.erase(at);
  }
}

void Pops::schedule(const Key& key, State& state) {
  std::optional<std::int64_t> due = state.queue.next_due_ms();
  if (state.ordered) {
    const auto visible = state.ordered->next_visible_ms();
    if (visible && *visible > store_.now_ms()) due = due ? std::min(*due, *visible) : *visible;
  }
  if (due == state.due_ms) return;
  if (state.due_ms) due_.erase({*state.due_ms, key});
  state.due_ms = due;
  if (due) due_.emplace(*due, key);
  arm();
}

void Pops::arm() {
  if (!started_ || due_.empty()) return;
  alarm_.ring_after(std::chrono::milliseconds(due_.begin()->first - store_.now_ms()));
}

void Pops::revive_due() {
  // the batches leave the queue now; what could not become a durable retry message comes back
  struct Revived {
    Key key;
    std::uint64_t state = 0;  // its number: another state of that key is of a topic or group that was made again
    queueing::PopBatch before;
    queueing::PopBatch left;  // acknowledged for what became a retry message
  };
  auto revived = std::make_shared<std::vector<Revived>>();
  std::size_t messages = 0;
  const std::int64_t now = store_.now_ms();
  while (!due_.empty() && due_.begin()->first <= now && messages < kRevivedPerTurnMax) {
    const Key key = due_.begin()->second;
    State& state = states_.at(key);
    if (state.queue.next_due_ms().value_or(INT64_MAX) >
        now) {  // an orderly batch whose time is over: only who waits must know
      due_.erase(due_.begin());
      state.due_ms.reset();
      schedule(key, state);
      if (on_available) on_available(key.topic, key.queue_id);
      continue;
    }
    if (state.marked) write(key, state);  // while the batches are in the queue: they stay stored until they are revived
    for (queueing::PopBatch& batch : state.queue.take_due(now)) {
      queueing::PopBatch left = batch;
      for (std::size_t i = 0; i < batch.offsets.size(); ++i) {
        if ((batch.acked >> i & 1) != 0) continue;
        ++messages;
        auto done = revive(key, batch.offsets[i], batch.id.pop_time_ms);
        if (!done) not_revived(key, batch.offsets[i], done.error());
        // a record that is damaged will not be whole the next time
        if (done || done.error().code == Errc::corrupt) left.acked |= std::uint64_t{1} << i;
      }
      // with the retry messages, or a kill between the two would revive the batch again
      if (left.complete()) {
        pop_settings::erase_batch(store_, key, left.id);
      } else {
        pop_settings::put_batch(store_, key, left);
      }
      revived->push_back({key, state.number, std::move(batch), std::move(left)});
    }
    schedule(key, state);
  }
  if (!revived->empty()) {
    store_.when_durable([this, revived, alive = alive_](const Result<void>& result) {
      if (!*alive) return;
      for (Revived& entry : *revived)
        finish_revival(entry.key, entry.state, result ? std::move(entry.left) : std::move(entry.before));
    });
  }
  arm();
}

void Pops::finish_revival(const Key& key, std::uint64_t state, queueing::PopBatch left) {
  auto found = states_.find(key);
  if (found == states_.end() || found->second.number != state) {  // removed meanwhile: nothing of it may stay
    pop_settings::erase_batch(store_, key, left.id);
    return;
  }
  mark(key, found->second, left.id);
  if (left.complete()) {
    found->second.revive_again_ms = 0;
  } else {
    std::int64_t& again_ms = found->second.revive_again_ms;
    again_ms = std::clamp(again_ms * 2, kReviveAgainMs, kReviveAgainMsMax);
    left.invisible_ms = store_.now_ms() + again_ms - left.id.pop_time_ms;
    found->second.queue.put_back(std::move(left));
  }
  schedule(key, found->second);
  // who waits does so at the topic itself, also for what comes back into its retry topic
  if (on_available) on_available(queueing::pop_origin_topic(key.topic, key.group), key.queue_id);
}

void Pops::not_revived(const Key& key, std::int64_t offset, const Error& error) {
  if (error.code == Errc::corrupt) {  // said once for each: it is lost to the group
    spdlog::error("broker: group {} does not get topic {} queue {} offset {} again: its record is damaged: {}",
                  key.group, key.topic, key.queue_id, offset, error.message);
    return;
  }
  const auto left_out = not_revived_log_.admit();
  if (!left_out) return;
  spdlog::warn(
      "broker: topic {} queue {} offset {} cannot come back to group {} yet: {} ({} more since the last such "
      "line)",
      key.topic, key.queue_id, offset, key.group, error.message, *left_out);
}

// Puts one message into the group's retry topic, or its dead-letter topic when it came back too often.
Result<void> Pops::revive(const Key& key, std::int64_t offset, std::int64_t pop_time_ms) {
  store::Queue* queue = store_.log().find(key.topic, key.queue_id);
  if (queue == nullptr || offset < queue->min_offset()) return {};  // deleted meanwhile: nothing is left to bring back
  auto entry = store_.log().entry_at(*queue, offset);
  if (!entry && entry.error().code == Errc::not_found) return {};
  if (!entry) return std::unexpected(entry.error());
  auto record = store_.log().record_of(entry->physical_offset);
  if (!record && record.error().code == Errc::not_found) return {};
  if (!record) return std::unexpected(record.error());
  auto view = wire::decode_record(*record);
  if (!view) return fail(Errc::corrupt, "{}", view.error().message);

  const auto* group = groups_.find(key.group);
  const std::int32_t times_max = group != nullptr ? group->retry_max_times : 16;
  const bool dead = view->reconsume_times + 1 > times_max;
  const std::string name = dead                                  ? queueing::dead_letter_topic(key.group)
                           : queueing::is_retry_topic(key.topic) ? key.topic
                                                                 : queueing::pop_retry_topic(key.topic, key.group);
  const bool fresh = topics_.find(name) == nullptr;
  auto topic = topics_.ensure(name, 1);
  if (!topic) return std::unexpected(topic.error());
  // shows that the retry topic is of this group: see lag/rocketmq_lag.h
  if (fresh && !dead && !offsets_.find(key.group, name, 0)) offsets_.commit(key.group, name, 0, 0);
  std::string properties(view->properties);
  if (!view->property(wire::property::kFirstPopTime)) {
    (void)wire::set_property(properties, wire::property::kFirstPopTime, std::to_string(pop_time_ms));
  }
  wire::MessageView again = *view;
  again.properties = properties;
  again.reconsume_times = view->reconsume_times + 1;
  auto stored = messages_.put_now(**topic, 0, again);
  if (!stored) return std::unexpected(stored.error());
  return {};
}

}  // namespace gantry::broker
