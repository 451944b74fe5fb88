#include "sim/controller/fleet.h"

#include <algorithm>
#include <utility>

namespace gantry::sim {

using replication::Applied;
using replication::Outcome;
using replication::Verdict;

Fleet::Fleet(Surroundings& world, Outside outside, std::size_t sets, std::size_t brokers_each)
    : world_(world), outside_(std::move(outside)) {
  for (std::size_t set = 0; set < sets; ++set) {
    for (std::size_t i = 0; i < brokers_each; ++i) {
      Broker broker{.cluster = "c", .set = fmt::format("set-{}", set), .host = fmt::format("10.0.{}.{}", set, i)};
      broker.check_code = fmt::format("{};{}", broker.address(), i);
      broker.place = world.founders.list.size() + 1 + brokers_.size();
      broker.timeout_ms = static_cast<std::int64_t>(world.random.between(150, 400));
      broker.priority = static_cast<std::int32_t>(world.random.below(3));
      broker.comes_ms = world.random.between(200, 900);
      brokers_.push_back(std::move(broker));
    }
  }
}

void Fleet::pass() {
  for (auto& broker : brokers_) {
    if (!broker.up && broker.comes_ms <= world_.now_ms) come_up(broker);
    if (!broker.up) continue;
    if (broker.id && broker.next_heartbeat_ms <= world_.now_ms) send_heartbeats(broker);
    if (!broker.asking && broker.next_request_ms <= world_.now_ms) request(broker);
  }
}

void Fleet::disturb() {
  if (world_.random.one_in(180)) {
    auto& broker = brokers_[world_.random.below(brokers_.size())];
    if (broker.up) go_down(broker, world_.random.between(20, world_.random.one_in(3) ? 1'500 : 300));
  }
  if (world_.random.one_in(250)) {
    auto& broker = brokers_[world_.random.below(brokers_.size())];
    if (!broker.connections.empty()) close(broker, broker.connections.begin()->first);
  }
}

void Fleet::come_up(Broker& broker) {
  broker.up = true;
  ++broker.life;
  broker.moves += world_.random.one_in(5);
  broker.registered = broker.has_asked = broker.asking = false;
  broker.master.reset();
  broker.in_sync.clear();
  broker.next_heartbeat_ms = broker.next_request_ms = world_.now_ms;
}

void Fleet::go_down(Broker& broker, std::uint64_t down_ms) {
  while (!broker.connections.empty()) close(broker, broker.connections.begin()->first);
  broker.up = false;
  broker.comes_ms = world_.now_ms + down_ms;
  broker.max_offset -= static_cast<std::int64_t>(world_.random.below(20));  // not written yet
}

// A controller hears of it when the network lets it.
void Fleet::close(Broker& broker, raft::NodeId node) {
  const auto connection = broker.connections.extract(node).mapped();
  on_the_way(broker, node, [connection](controller::Replica& replica) { replica.connection_closed(connection, true); });
}

void Fleet::controller_crashed(raft::NodeId node) {
  for (auto& broker : brokers_) broker.connections.erase(node);
}

void Fleet::on_the_way(Broker& broker, raft::NodeId node, std::function<void(controller::Replica&)> task) {
  const auto travel = world_.network.travel_ms(broker.place, node);
  if (!travel) return;
  auto& arrives = broker.arrives_ms[node];
  arrives = std::max(arrives, world_.now_ms + *travel);
  outside_.at(arrives, [this, node, task = std::move(task)] { outside_.node(node)->on_service(task); });
}

void Fleet::send_heartbeats(Broker& broker) {
  broker.next_heartbeat_ms = world_.now_ms + 50;
  const bool leads = broker.master == broker.id;
  broker.max_offset += static_cast<std::int64_t>(world_.random.below(leads ? 100 : 60));
  for (const auto& member : world_.founders.list) {
    auto& connection = broker.connections[member.id];
    if (connection == 0) connection = next_connection_++;
    on_the_way(broker, member.id, [broker, connection](controller::Replica& replica) {
      controller::Heartbeat heartbeat;
      heartbeat.cluster_name = broker.cluster;
      heartbeat.broker_name = broker.set;
      heartbeat.broker_id = *broker.id;
      const auto address = broker.address();
      heartbeat.address = address;
      heartbeat.epoch = broker.master_epoch;
      heartbeat.max_offset = broker.max_offset;
      heartbeat.timeout_ms = broker.timeout_ms;
      heartbeat.priority = broker.priority;
      heartbeat.connection = connection;
      replica.heartbeat(heartbeat);
    });
  }
}

// ---- requests

void Fleet::ask(Broker& broker, Request request, void (Fleet::*answered)(Broker&, const Answer&)) {
  broker.asking = true;
  outside_.ask(broker.place, broker.set, std::move(request),
               [this, &broker, life = broker.life, answered](const Result<Answer>& answer) {
                 if (broker.life != life || !broker.up) return;
                 broker.asking = false;
                 broker.next_request_ms = world_.now_ms + world_.random.between(5, 90);
                 if (answer) (this->*answered)(broker, *answer);
               });
}

void Fleet::request(Broker& broker) {
  auto& random = world_.random;
  if (!broker.id) {
    if (!broker.applying) return ask(broker, Read{Read::Kind::next_broker_id, broker.set}, &Fleet::on_next_id);
    return ask(broker, replication::ApplyBrokerId{broker.cluster, broker.set, *broker.applying, broker.check_code},
               &Fleet::on_applied_for);
  }
  if (!broker.registered) {
    replication::RegisterBroker command;
    command.cluster_name = broker.cluster;
    command.broker_name = broker.set;
    command.broker_id = *broker.id;
    command.address = broker.address();
    return ask(broker, command, &Fleet::on_registered);
  }
  if (!broker.master && !broker.has_asked) {
    replication::ElectMaster command;
    command.cluster_name = broker.cluster;
    command.broker_name = broker.set;
    command.broker_id = broker.id;
    return ask(broker, command, &Fleet::on_elected);
  }
  if (broker.master == broker.id && random.one_in(2)) return ask(broker, alteration(broker), &Fleet::on_altered);
  const auto kind = random.one_in(4) ? Read::Kind::whole_set : Read::Kind::replica_info;
  ask(broker, Read{kind, broker.set}, &Fleet::on_info);
}

replication::AlterSyncStateSet Fleet::alteration(const Broker& broker) {
  replication::AlterSyncStateSet command;
  command.broker_name = broker.set;
  command.master_id = *broker.id;
  command.master_epoch = broker.master_epoch;
  command.sync_state_set_epoch = broker.sync_state_set_epoch;
  command.sync_state_set = {*broker.id};
  for (const auto& other : brokers_) {
    if (other.set == broker.set && other.id && other.id != broker.id && !world_.random.one_in(4)) {
      command.sync_state_set.push_back(*other.id);
    }
  }
  return command;
}

void Fleet::on_next_id(Broker& broker, const Answer& answer) {
  broker.applying = std::get<Outcome>(answer).next_broker_id;
}

void Fleet::on_applied_for(Broker& broker, const Answer& answer) {
  const auto& outcome = std::get<Applied>(answer).outcome;
  if (outcome.verdict == Verdict::success) broker.id = broker.applying;
  broker.applying.reset();
}

void Fleet::on_registered(Broker& broker, const Answer& answer) {
  const auto& outcome = std::get<Applied>(answer).outcome;
  if (outcome.verdict == Verdict::broker_need_to_be_registered) {
    broker.id.reset();  // its operator removes the file
  } else if (outcome.verdict == Verdict::success) {
    broker.registered = true;
    learn(broker, outcome);
  }
}

void Fleet::on_elected(Broker& broker, const Answer& answer) {
  const auto& outcome = std::get<Applied>(answer).outcome;
  if (outcome.verdict == Verdict::broker_need_to_be_registered) {
    broker.registered = false;
    return;
  }
  broker.has_asked = true;
  if (outcome.verdict == Verdict::success || outcome.verdict == Verdict::master_still_exist) learn(broker, outcome);
}

void Fleet::on_altered(Broker& broker, const Answer& answer) {
  const auto& outcome = std::get<Applied>(answer).outcome;
  if (outcome.verdict == Verdict::success) learn(broker, outcome);
}

void Fleet::on_info(Broker& broker, const Answer& answer) {
  if (const auto* whole = std::get_if<WholeSet>(&answer)) {
    if (*whole && (*whole)->member(*broker.id)) return;
    broker.id.reset();  // cleaned
    broker.registered = broker.has_asked = false;
    broker.master.reset();
    return;
  }
  const auto& outcome = std::get<Outcome>(answer);
  if (outcome.verdict == Verdict::success) learn(broker, outcome);
}

void Fleet::learn(Broker& broker, const Outcome& outcome) {
  if (outcome.master_epoch < broker.master_epoch) return;
  broker.master = outcome.master_id;
  broker.master_epoch = outcome.master_epoch;
  broker.sync_state_set_epoch = outcome.sync_state_set_epoch;
  broker.in_sync = outcome.sync_state_set;
}

std::optional<std::string> Fleet::missing(const replication::State& state) const {
  for (const auto& broker : brokers_) {
    if (!broker.up) continue;
    if (!broker.id || !broker.registered)
      return fmt::format("a broker of {} at {} is not registered", broker.set, broker.address());
    const auto* set = state.find(broker.set);
    if (!set || !set->member(*broker.id)) return fmt::format("broker {} of {} is no member", *broker.id, broker.set);
    if (!set->sync_state_set.empty() && !set->in_sync(*broker.id)) continue;
    const auto master = std::ranges::find_if(brokers_, [&](const Broker& other) {
      return other.set == broker.set && other.up && other.id == set->master_id;
    });
    if (!set->master_id || master == brokers_.end()) {
      return fmt::format("{} has no live master ({}), and broker {} is alive and in sync", broker.set,
                         set->master_id.value_or(0), *broker.id);
    }
  }
  return std::nullopt;
}

}  // namespace gantry::sim
