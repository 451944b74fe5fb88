#include "controller/liveness.h"

#include <algorithm>
#include <utility>

namespace gantry::controller {

using replication::BrokerFacts;

namespace {

// Cluster and broker name of what Liveness::key() made.
std::pair<std::string_view, std::string_view> set_names(std::string_view key) {
  const std::size_t end = key.find('\0');
  return {key.substr(0, end), key.substr(end + 1)};
}

}  // namespace

std::string_view Liveness::key(std::string_view cluster_name, std::string_view broker_name) const {
  key_.assign(cluster_name);
  key_ += '\0';
  key_ += broker_name;
  return key_;
}

std::uint32_t Liveness::find(std::string_view cluster_name, std::string_view broker_name,
                             std::int64_t broker_id) const {
  const auto set = sets_.find(key(cluster_name, broker_name));
  if (set == sets_.end()) return kNone;
  for (const std::uint32_t index : set->second) {
    if (brokers_[index].id == broker_id) return index;
  }
  return kNone;
}

std::uint32_t Liveness::add(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id) {
  auto set = sets_.find(key(cluster_name, broker_name));
  if (set == sets_.end()) set = sets_.emplace(key_, std::vector<std::uint32_t>{}).first;
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(brokers_.size());
    brokers_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Broker& broker = brokers_[index];
  const std::uint32_t generation = broker.generation;
  broker = Broker{};
  broker.generation = generation;
  broker.set = &set->first;
  broker.id = broker_id;
  set->second.push_back(index);
  return index;
}

Liveness::Seen Liveness::on_heartbeat(const Heartbeat& heartbeat, MonotonicMs now, bool member) {
  begin(now);
  std::uint32_t index = find(heartbeat.cluster_name, heartbeat.broker_name, heartbeat.broker_id);
  if (index == kNone) {
    if (size() >= brokers_max_ && !member) return Seen::refused;
    index = add(heartbeat.cluster_name, heartbeat.broker_name, heartbeat.broker_id);
  }
  Broker& broker = brokers_[index];
  const bool back = !alive(broker, now);
  if (broker.connection != heartbeat.connection || broker.closed) {
    take_off(index);
    connections_[heartbeat.connection].push_back(index);
    broker.connection = heartbeat.connection;
  }
  // Of two heartbeats on their way at once the one with less data is the older; a broker that came back may have less.
  if (back || heartbeat.epoch > broker.epoch ||
      (heartbeat.epoch == broker.epoch && heartbeat.max_offset > broker.max_offset)) {
    broker.epoch = heartbeat.epoch;
    broker.max_offset = heartbeat.max_offset;
  }
  if (broker.address != heartbeat.address) broker.address = heartbeat.address;
  broker.priority = heartbeat.priority;
  broker.timeout_ms = std::clamp(heartbeat.timeout_ms, kTimeoutMinMs, kTimeoutMaxMs);
  broker.last_seen = now;
  broker.closed = false;
  broker.heard = true;
  broker.told = false;
  // The wheel looks when the timeout of some former heartbeat is over, and then again later: not moved each time. Only
  // a shorter timeout needs an earlier look.
  if (broker.due < 0 || broker.due > deadline(broker)) schedule(index, deadline(broker));
  return back ? Seen::back : Seen::again;
}

void Liveness::take_off(std::uint32_t index) {
  const auto connection = connections_.find(brokers_[index].connection);
  if (connection == connections_.end()) return;
  std::erase(connection->second, index);
  if (connection->second.empty()) connections_.erase(connection);
}

void Liveness::on_closed(std::uint64_t connection, std::vector<LostBroker>& all) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const std::vector<std::uint32_t> indices = std::move(found->second);
  connections_.erase(found);
  for (const std::uint32_t index : indices) {
    Broker& broker = brokers_[index];
    broker.closed = true;
    broker.presumed_until = 0;
    if (!std::exchange(broker.told, true)) all.push_back(lost(broker, LostBroker::Why::connection_closed));
  }
}

void Liveness::on_dropped(std::uint64_t connection) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  for (const std::uint32_t index : found->second) brokers_[index].connection = 0;
  connections_.erase(found);
}

MonotonicMs Liveness::deadline(const Broker& broker) const {
  const MonotonicMs seen = broker.closed ? -1 : broker.last_seen + broker.timeout_ms;
  return std::max(seen, leading_ ? broker.presumed_until : -1);
}

void Liveness::begin(MonotonicMs now) {
  if (!std::exchange(begun_, true)) turned_ = now - now % kSlotMs;
}

void Liveness::schedule(std::uint32_t index, MonotonicMs due) {
  Broker& broker = brokers_[index];
  broker.due = due;
  // what is further away than the wheel is long is looked at on the way
  const MonotonicMs furthest = turned_ + kSlotMs * static_cast<MonotonicMs>(kSlots - 1);
  const MonotonicMs at = std::clamp(due, turned_, furthest);
  wheel_[static_cast<std::size_t>(at / kSlotMs) % kSlots].push_back({index, broker.generation, due});
}

void Liveness::expire(MonotonicMs now, std::vector<LostBroker>& all) {
  const MonotonicMs until = now - now % kSlotMs;
  begin(now);
  // after a long pause every slot is looked at once
  turned_ = std::max(turned_, until - kSlotMs * static_cast<MonotonicMs>(kSlots));
  while (turned_ < until) {
    std::vector<Place> places = std::move(wheel_[static_cast<std::size_t>(turned_ / kSlotMs) % kSlots]);
    wheel_[static_cast<std::size_t>(turned_ / kSlotMs) % kSlots] = {};
    turned_ += kSlotMs;
    for (const Place& place : places) {
      Broker& broker = brokers_[place.broker];
      if (broker.generation != place.generation || broker.due != place.due) continue;
      broker.due = -1;
      const MonotonicMs by = deadline(broker);
      if (by >= now) {
        schedule(place.broker, by);
      } else if (by >= 0 && !std::exchange(broker.told, true)) {
        all.push_back(lost(broker, broker.heard ? LostBroker::Why::silent : LostBroker::Why::never_heard));
      }
    }
  }
}

void Liveness::lead(MonotonicMs now) {
  begin(now);
  leading_ = true;
  for (std::uint32_t index = 0; index < brokers_.size(); ++index) {
    Broker& broker = brokers_[index];
    if (!broker.set) continue;
    presume(index, std::max(now, broker.last_seen) + broker.timeout_ms);
  }
}

void Liveness::presume(std::uint32_t index, MonotonicMs until) {
  Broker& broker = brokers_[index];
  broker.presumed_until = until;
  broker.told = false;
  if (broker.due < 0 || broker.due > until) schedule(index, until);
}

void Liveness::expect(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
                      std::int64_t default_timeout_ms, MonotonicMs now) {
  begin(now);
  if (find(cluster_name, broker_name, broker_id) != kNone) return;
  const std::uint32_t index = add(cluster_name, broker_name, broker_id);
  Broker& broker = brokers_[index];
  broker.timeout_ms = std::clamp(default_timeout_ms, kTimeoutMinMs, kTimeoutMaxMs);
  presume(index, now + broker.timeout_ms);
}

void Liveness::returning(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
                         MonotonicMs now) {
  const std::uint32_t index = find(cluster_name, broker_name, broker_id);
  if (index != kNone && !alive(brokers_[index], now)) presume(index, now + brokers_[index].timeout_ms);
}

void Liveness::follow() {
  leading_ = false;
  for (Broker& broker : brokers_) broker.presumed_until = 0;
}

bool Liveness::alive(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
                     MonotonicMs now) const {
  const std::uint32_t index = find(cluster_name, broker_name, broker_id);
  return index != kNone && alive(brokers_[index], now);
}

std::vector<BrokerFacts> Liveness::facts(const replication::ReplicaSet& set, MonotonicMs now) const {
  std::vector<BrokerFacts> all;
  all.reserve(set.members.size());
  const auto indices = sets_.find(key(set.cluster_name, set.broker_name));
  for (const auto& member : set.members) {
    BrokerFacts facts{.broker_id = member.broker_id};
    if (indices != sets_.end()) {
      for (const std::uint32_t index : indices->second) {
        const Broker& broker = brokers_[index];
        if (broker.id != member.broker_id) continue;
        const bool presumed = leading_ && set.master_id == broker.id && now <= broker.presumed_until;
        facts.alive = alive(broker, now) || presumed;
        facts.epoch = broker.epoch;
        facts.max_offset = broker.max_offset;
        facts.priority = broker.heard ? broker.priority : facts.priority;
      }
    }
    all.push_back(facts);
  }
  return all;
}

std::string_view Liveness::address(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
                                   MonotonicMs now) const {
  const std::uint32_t index = find(cluster_name, broker_name, broker_id);
  return index != kNone && alive(brokers_[index], now) ? brokers_[index].address : std::string_view{};
}

std::optional<BrokerIdentity> Liveness::identity(std::uint64_t connection) const {
  const auto found = connections_.find(connection);
  if (found == connections_.end() || found->second.empty()) return std::nullopt;
  const Broker& broker = brokers_[found->second.front()];
  const auto [cluster_name, broker_name] = set_names(*broker.set);
  return BrokerIdentity{cluster_name, broker_name, broker.id};
}

void Liveness::forget(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id) {
  const std::uint32_t index = find(cluster_name, broker_name, broker_id);
  if (index != kNone) remove(index);
}

void Liveness::remove(std::uint32_t index) {
  take_off(index);
  Broker& broker = brokers_[index];
  const auto set = sets_.find(*broker.set);
  std::erase(set->second, index);
  if (set->second.empty()) sets_.erase(set);
  broker.set = nullptr;
  ++broker.generation;
  free_.push_back(index);
}

void Liveness::forget_silent(MonotonicMs now, std::size_t count, const IsMember& is_member) {
  for (std::size_t i = 0; i < std::min(count, brokers_.size()); ++i) {
    swept_ = (swept_ + 1) % brokers_.size();
    const Broker& broker = brokers_[swept_];
    if (!broker.set) continue;
    const MonotonicMs silent_since = std::max(broker.last_seen + broker.timeout_ms, broker.presumed_until);
    if (now <= silent_since + kForgottenAfterMs) continue;
    const auto [cluster_name, broker_name] = set_names(*broker.set);
    if (!is_member(cluster_name, broker_name, broker.id)) remove(static_cast<std::uint32_t>(swept_));
  }
}

std::size_t Liveness::alive_count(MonotonicMs now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      brokers_, [&](const Broker& broker) { return broker.set != nullptr && alive(broker, now); }));
}

LostBroker Liveness::lost(const Broker& broker, LostBroker::Why why) const {
  const auto [cluster_name, broker_name] = set_names(*broker.set);
  return {std::string(cluster_name), std::string(broker_name), broker.id, why};
}

}  // namespace gantry::controller
