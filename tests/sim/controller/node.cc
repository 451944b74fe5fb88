#include "sim/controller/node.h"

#include <utility>

#include "controller/entry_version.h"
#include "replication/entry_codec.h"

namespace gantry::sim {

namespace {

constexpr std::int64_t kRaftTickMs = 10;
constexpr std::int64_t kServiceTickMs = 20;

raft::sim::MemoryLogStore::Lie lie_of(Bug bug) {
  using Lie = raft::sim::MemoryLogStore::Lie;
  if (bug == Bug::ack_before_sync) return Lie::unsynced;
  return bug == Bug::forget_vote ? Lie::forget_vote : Lie::none;
}

}  // namespace

Node::Node(raft::NodeId id, Surroundings& world, Forward forward)
    : id_(id),
      world_(world),
      forward_(std::move(forward)),
      store_(lie_of(world.plan.bug)),
      slowness_(world.plan.seed * 31 + id) {
  clock_.start(world.now_ms, static_cast<std::int64_t>(world.random.between(1'000, 100'000)), world.some_rate());
  if (!raft::Group::form(store_, world.founders)) broken("the group cannot be formed");
}

void Node::start() {
  raft::GroupConfig config{.id = id_,
                           .seed = world_.plan.seed * 1'000 + id_ * 10 + world_.counts.crashes,
                           .election_ticks = 10,
                           .heartbeat_ticks = 2};
  config.message_bytes_max = 2'000;
  config.inflight_messages_max = 4;
  config.uncommitted_bytes_max = 20'000;
  config.committed_bytes_per_turn = 1'500;
  config.cached_bytes_max = 8'000;
  config.entries_kept = 20;
  config.lease_ms = world_.lease_ms;
  auto group = raft::Group::open(config, store_);
  if (!group) broken("controller {} does not start: {}", id_, group.error().message);
  failed_ = flushing_ = started_ = false;
  driver_.emplace(std::move(*group), *this);
  running_version_ = version_;
  heard_versions_.clear();
  auto settings = world_.settings;
  if (world_.plan.upgrade) settings.formats = formats_of(version_, world_.plan.bug);
  const bool no_clock = world_.plan.upgrade && version_ == kOldVersion;
  replica_.emplace(
      settings, *this,
      controller::Replica::Env{[this] { return local_now(); },
                               [this, no_clock] { return no_clock ? 0 : static_cast<std::int64_t>(world_.now_ms); },
                               [this] {
                                 if (std::exchange(flushing_, true)) return;
                                 service_.inbox.emplace_back([this] {
                                   flushing_ = false;
                                   replica_->flush();
                                 });
                               }});
  raft_.next_tick = service_.next_tick = local_now();
}

void Node::crash() {
  service_ = {};
  raft_ = {};
  joined_.clear();
  writing_.reset();
  driver_.reset();
  replica_.reset();
  store_.crash();
  world_.history.crashed(id_);
}

void Node::work_off(Thread& thread) {
  if (world_.now_ms < thread.busy_until) return;
  if (world_.random.one_in(300)) thread.busy_until = world_.now_ms + world_.random.between(1, 40);
  // not all at once always, so that the other thread comes in between
  auto most = world_.random.one_in(6) ? world_.random.between(0, 3) : 1'000;
  for (; most > 0 && !thread.inbox.empty() && !failed_; --most) {
    auto task = std::move(thread.inbox.front());
    thread.inbox.pop_front();
    task();
  }
}

void Node::pass() {
  if (!up() || world_.now_ms < still_until_) return;
  work_off(service_);
  if (!failed_ && world_.now_ms >= service_.busy_until && local_now() >= service_.next_tick) {
    service_.next_tick = local_now() + kServiceTickMs;
    replica_->tick();
  }
  if (writing_ && world_.now_ms >= writing_until_) {
    auto work = std::move(*std::exchange(writing_, std::nullopt));
    raft_.inbox.emplace_back([this, written = work()] { driver_->snapshot_written(written); });
  }
  work_off(raft_);
  if (!failed_ && world_.now_ms >= raft_.busy_until && local_now() >= raft_.next_tick) {
    raft_.next_tick = local_now() + kRaftTickMs;
    driver_->tick();
  }
}

void Node::deliver(std::string bytes) {
  if (up()) raft_.inbox.emplace_back([this, bytes = std::move(bytes)] { driver_->step(bytes); });
}

void Node::unreachable(raft::NodeId peer) {
  if (up()) raft_.inbox.emplace_back([this, peer] { driver_->report_unreachable(peer); });
}

void Node::transfer(raft::NodeId to) {
  raft_.inbox.emplace_back([this, to] {
    driver_->ask([to](raft::Group& group) { return group.transfer(to); }, [](const Result<void>&) {});
  });
}

void Node::compact() {
  service_.inbox.emplace_back([this] { replica_->on_snapshot_wanted(); });
}

void Node::on_service(std::function<void(controller::Replica&)> task) {
  if (up()) service_.inbox.emplace_back([this, task = std::move(task)] { task(*replica_); });
}

std::string Node::describe() const {
  if (!up()) return fmt::format("controller {} is down", id_);
  const auto status = driver_->group().status();
  auto out = fmt::format(
      "controller {} is {} in term {}, leader {}, log to {}, committed {}, applied {} ({} by the replica), snapshot "
      "{}, inboxes {} and {}",
      id_, raft::to_string(status.role), status.term, status.leader, status.last, status.commit, status.applied,
      replica_->applied(), status.snapshot, service_.inbox.size(), raft_.inbox.size());
  for (const auto& member : status.members) {
    if (member.matched) out += fmt::format("; {} has {}", member.member.id, *member.matched);
  }
  return out;
}

void Node::hear_version(raft::NodeId peer, std::uint32_t version) {
  if (!up()) return;
  heard_versions_[peer] = version;
  const auto heard = [this](raft::NodeId member) {
    const auto said = heard_versions_.find(member);
    return said == heard_versions_.end() ? std::nullopt : std::optional(said->second);
  };
  const auto agreed = controller::agreed_entry_version(world_.founders, id_, running_version_, heard, kOldVersion);
  to_listener([agreed](controller::LogListener& listener) { listener.on_entry_version(agreed); });
}

// ---- requests

void Node::serve(History::Id op, Request request, bool forwarded, Reply reply) {
  if (!up()) return;
  service_.inbox.emplace_back([this, op, request = std::move(request), forwarded, reply = std::move(reply)] {
    if (const auto* read = std::get_if<Read>(&request)) return serve_read(op, *read, reply);
    serve_write(op, std::get<replication::Command>(request), forwarded, reply);
  });
}

void Node::serve_read(History::Id op, const Read& read, Reply reply) {
  world_.history.is(op, read);
  replica_->read([this, op, read, reply = std::move(reply)](const Result<void>& ready) {
    if (!ready) return reply(std::unexpected(ready.error()));
    world_.history.read_at(op, replica_->applied());
    ++world_.counts.reads;
    reply(answer_from(replica_->state(), read));
  });
}

void Node::serve_write(History::Id op, const replication::Command& asked, bool forwarded, Reply reply) {
  if (!replica_->leads()) {
    const auto leader = replica_->leadership().leader;
    if (leader == 0 || forwarded) return reply(fail(Errc::unavailable, "no leader"));
    return forward_(leader, op, asked, std::move(reply));
  }
  const auto command = replica_->with_facts(asked);
  world_.history.is(op, command);
  if (world_.plan.bug == Bug::answer_before_commit) {
    world_.history.handed_to_leader(op, id_);
    replication::State planted = replica_->state();
    reply(planted.apply(command));
    return replica_->write(command, [](const Result<replication::Applied>&) {});
  }
  auto refused = std::make_shared<bool>(false);  // at once: it goes into no entry
  replica_->write(command, [refused, reply = std::move(reply)](const Result<replication::Applied>& applied) {
    *refused = true;
    if (!applied) return reply(std::unexpected(applied.error()));
    reply(*applied);
  });
  if (!*refused) world_.history.handed_to_leader(op, id_);
}

// ---- between the driver and the network

void Node::send(const raft::Output::Message& message) {
  if (world_.network.send(world_.now_ms, {id_, message.to, message.bytes, message.snapshot})) return;
  if (world_.random.one_in(2)) unreachable(message.to);
}

void Node::to_listener(ToListener call) {
  service_.inbox.emplace_back([this, call = std::move(call)]() mutable { call(*this); });
}

void Node::run_soon() {
  raft_.inbox.emplace_back([this] { driver_->run(); });
}

void Node::in_background(raft::Group::SnapshotWork work) {
  if (writing_) broken("controller {} writes two snapshots at once", id_);
  writing_ = std::move(work);
  writing_until_ = world_.now_ms + (slowness_.one_in(4) ? slowness_.between(50, 600) : slowness_.between(0, 30));
  if (slowness_.one_in(40)) store_.fail_next_staging();
}

std::uint64_t Node::lease_clock_ms() {
  const auto now = static_cast<std::uint64_t>(local_now());
  return world_.plan.bug == Bug::fast_lease ? now / 50 : now;  // the voters' clocks are that much faster
}

// A read round comes twice where the network repeats it, or late. All else must make sense.
void Node::dropped(const Error& refusal) {
  const auto& why = refusal.message;
  if (why.find("read round") == std::string::npos) broken("controller {} refuses a message: {}", id_, why);
}

// ---- from the replica to the driver

void Node::propose(controller::Token token, std::string entry) {
  world_.history.proposed(id_, token, entry);
  raft_.inbox.emplace_back([this, token, entry = std::move(entry)] { driver_->propose(token, entry); });
}

void Node::read(controller::Token token) {
  if (world_.plan.bug == Bug::join_sent_round) {
    if (!joined_.empty()) return joined_.rbegin()->second.push_back(token);
    joined_[token];
  }
  raft_.inbox.emplace_back([this, token] {
    ++world_.counts.leases;
    const auto index = driver_->group().read_by_lease(lease_clock_ms());
    if (!index) --world_.counts.leases;
    driver_->read(token);
  });
}

void Node::applied(raft::Index index) {
  raft_.inbox.emplace_back([this, index] { driver_->applied(index); });
}

void Node::snapshot(raft::Index index, std::string bytes) {
  raft_.inbox.emplace_back([this, index, bytes = std::move(bytes)] { driver_->snapshot(index, bytes); });
}

// ---- from the driver to the replica

void Node::on_proposed(controller::Token token, const Result<raft::Proposal>& proposal) {
  world_.history.placed(id_, token, proposal);
  replica_->on_proposed(token, proposal);
}

void Node::on_read(controller::Token token, const Result<raft::Index>& index) {
  const auto joined = joined_.extract(token);
  replica_->on_read(token, index);
  if (joined.empty()) return;
  for (const auto other : joined.mapped()) replica_->on_read(other, index);
}

void Node::on_restore(raft::Index index, const std::string& snapshot) {
  world_.counts.snapshots += std::exchange(started_, true);
  replica_->on_restore(index, snapshot);
  world_.truth.state(id_, index, replica_->state());
}

void Node::on_committed(std::vector<raft::Output::Committed> entries) {
  for (auto& entry : entries) {
    if (world_.truth.committed(id_, entry.index, entry.term, entry.data)) {
      world_.history.committed(entry.index, entry.term, entry.data);
      world_.counts.new_entries += world_.plan.upgrade && entry.data.starts_with(static_cast<char>(kNewVersion));
    }
    if (world_.plan.bug == Bug::local_heartbeats) entry.data = with_local_facts(entry.data);
  }
  replica_->on_committed(std::move(entries));
  world_.truth.state(id_, replica_->applied(), replica_->state());
}

std::string Node::with_local_facts(const std::string& entry) const {
  if (entry.empty()) return entry;
  auto commands = decode_any(entry);
  for (auto& command : *commands) {
    if (auto* elect = std::get_if<replication::ElectMaster>(&command)) {
      elect->facts = replica_->facts(elect->broker_name);
    }
  }
  return replication::encode_entry(*commands);
}

void Node::on_leadership(const raft::Output::Leadership& leadership) {
  if (leadership.role == raft::Role::leader) world_.truth.leads(id_, leadership.term);
  replica_->on_leadership(leadership);
}

void Node::on_members(const raft::Members& members) { replica_->on_members(members); }
void Node::on_snapshot_wanted() { replica_->on_snapshot_wanted(); }

// Of the failures only that of the disk is in order.
void Node::on_failed(const Error& error) {
  if (error.message.find("disk failed") == std::string::npos) broken("controller {} stopped: {}", id_, error.message);
  replica_->on_failed(error);
  failed_ = true;
}

}  // namespace gantry::sim
