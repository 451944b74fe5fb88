#include "sim/raft/simulation.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

#include "base/checksum.h"
#include "raft/bytes.h"
#include "raft/group.h"
#include "sim/raft/memory_log_store.h"
#include "sim/raft/network.h"
#include "sim/raft/truth.h"

namespace gantry::raft::sim {
namespace {

struct Peer {
  std::unique_ptr<MemoryLogStore> store;
  std::optional<Group> group;
  std::uint64_t tick_ms = 10;  // how long its tick takes: a slow or fast clock
  std::uint64_t next_tick_ms = 0;
  std::uint64_t down_until_ms = 0;
  bool leaving = false;  // has learned that it is removed
  bool gone = false;     // stopped for good, once somebody else knew it too
  bool lost = false;     // its disk was replaced: it is gone, and a member until an operator has noticed
  Members members;
  App app;
  std::deque<Output::Committed> to_apply;
  std::map<Index, Term> proposals;   // of clients that wait
  std::map<ReadRound, Index> reads;  // the round, and what it must have seen
  std::optional<Group::SnapshotWork> writing;
  std::uint64_t writing_until_ms = 0;
};

class World {
 public:
  explicit World(const Plan& plan) : plan_(plan), random_(plan.seed * 7919 + 17), network_(random_) {
    auto founders = random_.one_in(4) ? 5 : 3;
    Members members;
    for (NodeId id = 1; id <= static_cast<NodeId>(founders); ++id) members.list.push_back({id, address(id), true});
    for (const auto& member : members.list) {
      auto& peer = add_peer(member.id);
      if (!Group::form(*peer.store, members)) broken("the group cannot be formed");
      start(member.id);
    }
  }

  void run() {
    for (std::uint64_t step = 0; step < plan_.steps; ++step) {
      ++now_ms_;
      disturb();
      clients();
      pass();
      end_snapshots();
      stop_removed();
      if (step % 500 == 0) check_logs();
    }
    recover();
  }

  Report report() const {
    Report out = counts_;
    out.trace = trace_;
    out.committed = truth_.committed_count();
    out.elections = truth_.elections();
    return out;
  }

 private:
  static std::string address(NodeId id) { return fmt::format("node-{}:9878", id); }

  Peer& add_peer(NodeId id) {
    auto lie = plan_.bug == Bug::reply_before_sync ? MemoryLogStore::Lie::unsynced
               : plan_.bug == Bug::forget_vote     ? MemoryLogStore::Lie::forget_vote
                                                   : MemoryLogStore::Lie::none;
    auto& peer = peers_[id];
    peer.store = std::make_unique<MemoryLogStore>(lie);
    return peer;
  }

  void start(NodeId id) {
    auto& peer = peers_[id];
    GroupConfig config{.id = id, .seed = plan_.seed * 1000 + id * 10 + counts_.crashes, .election_ticks = 10};
    config.heartbeat_ticks = 2;
    config.message_bytes_max = 200;
    config.inflight_messages_max = 4;
    config.uncommitted_bytes_max = 4000;
    config.committed_bytes_per_turn = 300;
    config.cached_bytes_max = 2000;
    config.entries_kept = 20;
    auto opened = Group::open(config, *peer.store);
    if (!opened) broken("node {} does not start: {}", id, opened.error().message);
    peer.group.emplace(std::move(*opened));
    peer.tick_ms = random_.between(6, 16);
    peer.next_tick_ms = now_ms_ + peer.tick_ms;
    handle(id);
  }

  void crash(NodeId id, std::uint64_t down_ms) {
    auto& peer = peers_[id];
    peer.writing.reset();
    peer.group.reset();
    peer.store->crash();
    peer.app = {};
    peer.to_apply.clear();
    peer.proposals.clear();  // their clients will never know
    peer.reads.clear();
    peer.members = {};
    peer.down_until_ms = now_ms_ + down_ms;
    ++counts_.crashes;
  }

  // --- what goes wrong ---

  NodeId any() {
    auto it = peers_.begin();
    std::advance(it, static_cast<long>(random_.below(peers_.size())));
    return it->first;
  }

  void disturb() {
    if (random_.one_in(400)) network_.change_weather(peers_.rbegin()->first);
    if (random_.one_in(250)) {
      if (auto id = any(); peers_[id].group) crash(id, random_.between(1, random_.one_in(3) ? 600 : 40));
    }
    if (random_.one_in(5000)) {
      for (auto& [id, peer] : peers_) {  // the power goes
        if (peer.group) crash(id, random_.between(1, 50));
      }
    }
    if (random_.one_in(1500)) peers_[any()].store->fail_next(random_.one_in(2));
    if (random_.one_in(300)) peers_[any()].tick_ms = random_.between(6, 16);
    if (random_.one_in(800)) transfer();
    if (random_.one_in(900)) change_members();
    if (plan_.bug == Bug::none) losing_ |= random_.one_in(2500);  // planted bugs keep the seeds that show them
    if (losing_) losing_ = !lose_disk();
    if (random_.one_in(200)) offer_snapshot(any());
    for (auto& [id, peer] : peers_) {
      if (!peer.group && !peer.gone && peer.down_until_ms <= now_ms_) start(id);
    }
  }

  void transfer() {
    for (auto& [id, peer] : peers_) {
      if (peer.group && peer.group->status().role == Role::leader) {
        (void)peer.group->transfer(any());
        handle(id);
      }
    }
  }

  // A disk is replaced, and its node never comes back under its id; one at a time, and not while a change of members may be
  // on its way, which could be the loss of the majority.
  bool lose_disk() {
    const Peer* leader = nullptr;
    for (auto& [id, peer] : peers_) {
      if (peer.group && peer.group->status().role == Role::leader) leader = &peer;
    }
    if (leader == nullptr || leader->members.voters() < 3) return false;
    const auto commit = leader->group->status().commit;
    for (const auto& member : leader->members.list) {
      const auto& peer = peers_[member.id];
      if (!peer.group || peer.members != leader->members || peer.group->status().last > commit) return false;
    }
    const auto victim = leader->members.list[random_.below(leader->members.list.size())].id;
    crash(victim, 0);
    auto& peer = peers_[victim];
    peer.gone = peer.lost = true;
    peer.store = std::make_unique<MemoryLogStore>();
    ++counts_.disks_lost;
    return true;
  }

  // A node more, a learner made a voter, a node less: each at a leader's, as an operator would. While a disk is lost nobody
  // else is removed.
  void change_members() {
    for (auto& [id, peer] : peers_) {
      if (!peer.group || peer.group->status().role != Role::leader) continue;
      auto members = peer.group->status().members;
      Result<Proposal> done = Proposal{};
      auto other = members[random_.below(members.size())].member;
      auto lost = std::ranges::find_if(members, [&](const auto& m) { return peers_[m.member.id].lost; });
      if (lost != members.end()) {
        done = peer.group->change_member({MemberChange::Kind::remove, lost->member.id, ""});
      } else if (members.size() < 5 && random_.one_in(2)) {
        NodeId fresh = peers_.rbegin()->first + 1;
        done = peer.group->change_member({MemberChange::Kind::add_learner, fresh, address(fresh)});
        if (done) {
          add_peer(fresh);
          start(fresh);
        }
      } else if (!other.voter) {
        done = peer.group->change_member({MemberChange::Kind::promote, other.id, ""});
      } else if (members.size() > 3) {
        done = peer.group->change_member({MemberChange::Kind::remove, other.id, ""});
      }
      counts_.changes += done.has_value();
      handle(id);
      return;
    }
  }

  void offer_snapshot(NodeId id) {
    auto& peer = peers_[id];
    if (!peer.group) return;
    auto begun = peer.group->begin_snapshot(peer.app.index, peer.app.snapshot());
    if (!begun && begun.error().code == Errc::already_exists) return;
    if (!begun) return stopped(id, begun.error());
    if (!*begun) return;
    peer.writing = std::move(*begun);
    peer.writing_until_ms = now_ms_ + (random_.one_in(3) ? random_.between(1, 300) : 0);
    if (random_.one_in(40)) peer.store->fail_next_staging();
  }

  void end_snapshots() {
    for (auto& [id, peer] : peers_) {
      if (!peer.writing || now_ms_ < peer.writing_until_ms) continue;
      auto work = std::move(*std::exchange(peer.writing, std::nullopt));
      if (auto ended = peer.group->end_snapshot(work()); !ended) {
        stopped(id, ended.error());
      } else {
        handle(id);
      }
    }
  }

  // --- clients ---

  void clients() {
    if (random_.one_in(4)) propose(any());
    if (random_.one_in(5)) read(any());
  }

  void propose(NodeId id) {
    auto& peer = peers_[id];
    if (!peer.group) return;
    auto proposed = peer.group->propose(fmt::format("{}:{}", ++proposed_, std::string(random_.below(60), 'x')));
    if (proposed) peer.proposals[proposed->index] = proposed->term;
    handle(id);
  }

  void read(NodeId id) {
    auto& peer = peers_[id];
    if (!peer.group) return;
    auto status = peer.group->status();
    if (plan_.bug == Bug::local_read && status.role == Role::leader && status.may_read) {
      answer_read(id, truth_.told(), status.commit);
      return;
    }
    if (plan_.bug == Bug::join_sent_round && !peer.reads.empty()) {
      peer.reads.rbegin()->second = truth_.told();
      return;
    }
    auto round = peer.group->read_round();
    if (round) peer.reads[*round] = truth_.told();
    handle(id);
  }

  void answer_read(NodeId id, Index must_have_seen, Index index) {
    if (index < must_have_seen) {
      broken("node {} reads at entry {}, and a client already knew of entry {}", id, index, must_have_seen);
    }
    ++counts_.reads;
  }

  // --- time passes ---

  void pass() {
    while (auto letter = network_.receive(now_ms_)) deliver(std::move(*letter));
    for (auto& [id, peer] : peers_) {
      if (!peer.group) continue;
      if (peer.next_tick_ms <= now_ms_) {
        peer.next_tick_ms = now_ms_ + peer.tick_ms;
        if (auto ticked = peer.group->tick(); !ticked) stopped(id, ticked.error());
        handle(id);
      }
      apply(id, random_.below(4));
    }
  }

  void deliver(Letter letter) {
    auto to = peers_.find(letter.to);
    bool arrives = to != peers_.end() && to->second.group;
    if (arrives) {
      trace_ = mix(trace_, mix(letter.to, crc32c(letter.bytes)));
      auto stepped = to->second.group->step(letter.bytes);
      if (!stepped) refused(letter, stepped.error());
      handle(letter.to);
    }
    auto from = peers_.find(letter.from);
    if (from == peers_.end() || !from->second.group) return;
    if (letter.snapshot) (void)from->second.group->report_snapshot(letter.to, arrives);
  }

  // A read round comes twice where the network repeats it, or late; all else that a node says must make sense to another.
  void refused(const Letter& letter, const Error& error) {
    bool read_round = error.message.find("read round") != std::string::npos;
    if (error.code == Errc::internal) {
      stopped(letter.to, error);
    } else if (!read_round) {
      broken("node {} refuses a message of node {}: {}", letter.to, letter.from, error.message);
    }
  }

  void stopped(NodeId id, const Error& error) {
    if (error.message.find("disk failed") == std::string::npos) broken("node {} stopped: {}", id, error.message);
    crash(id, random_.between(1, 300));
  }

  void handle(NodeId id) {
    auto& peer = peers_[id];
    while (peer.group && peer.group->has_work()) {
      auto early = [&](std::vector<Output::Message> messages) { send(id, std::move(messages)); };
      auto output = peer.group->turn(early);
      if (!output) return stopped(id, output.error());
      take(id, std::move(*output));
    }
  }

  void take(NodeId id, Output output) {
    auto& peer = peers_[id];
    send(id, std::move(output.messages));
    if (output.restore) {
      counts_.snapshots += peer.app.index != 0;  // not that of its start
      peer.to_apply.clear();
      peer.app.restore(*output.restore);
      truth_.state(id, peer.app);
    }
    for (auto& entry : output.committed) {
      truth_.committed(id, entry.index, entry.term, entry.data);
      peer.to_apply.push_back(std::move(entry));
    }
    if (output.leadership) {
      if (output.leadership->role == Role::leader) truth_.leads(id, output.leadership->term);
      if (output.leadership->role != Role::leader) peer.proposals.clear();
    }
    for (auto read : output.reads) {
      auto asked = peer.reads.extract(read.round);
      if (asked.empty()) broken("node {} answers read round {} that nobody waits for", id, read.round);
      answer_read(id, asked.mapped(), read.index);
    }
    for (auto round : output.failed_reads) peer.reads.erase(round);
    if (output.members) {
      peer.members = *output.members;
      peer.leaving = peer.members.highest_id >= id && peer.members.find(id) == nullptr;
    }
    if (output.snapshot_wanted) offer_snapshot(id);
  }

  // As an operator does: a removed node is stopped when a voter says that it is removed.
  void stop_removed() {
    for (auto& [id, peer] : peers_) {
      if (!peer.leaving || peer.gone) continue;
      for (auto& [other, witness] : peers_) {
        const auto* self = witness.members.find(other);
        bool knows = witness.group && self != nullptr && self->voter && witness.members.highest_id >= id &&
                     witness.members.find(id) == nullptr;
        if (knows && peer.group) {
          crash(id, 0);
          peer.gone = true;
        }
      }
    }
  }

  void send(NodeId from, std::vector<Output::Message> messages) {
    for (auto& message : messages) {
      if (network_.send(now_ms_, {from, message.to, std::move(message.bytes), message.snapshot})) continue;
      auto& group = peers_[from].group;
      if (message.snapshot) lost_snapshots_.emplace_back(from, message.to);
      if (group && random_.one_in(2)) (void)group->report_unreachable(message.to);
    }
  }

  void apply(NodeId id, std::uint64_t count) {
    auto& peer = peers_[id];
    for (; count > 0 && !peer.to_apply.empty(); --count) {
      auto& entry = peer.to_apply.front();
      peer.app.apply(entry.index, entry.data);
      truth_.state(id, peer.app);
      auto proposal = peer.proposals.extract(entry.index);
      if (!proposal.empty() && proposal.mapped() == entry.term) truth_.told_client(entry.index);
      peer.to_apply.pop_front();
    }
    if (!peer.group) return;
    for (auto& [from, to] : std::exchange(lost_snapshots_, {})) {
      if (auto& sender = peers_[from].group) (void)sender->report_snapshot(to, false);
    }
    if (auto done = peer.group->advance_applied(peer.app.index); !done) stopped(id, done.error());
  }

  // --- what must hold ---

  void check_logs() {
    std::map<std::pair<Index, Term>, std::uint32_t> seen;
    for (auto& [id, peer] : peers_) {
      for (const auto& [index, entry] : peer.store->entries()) {
        auto [it, fresh] = seen.try_emplace({index, entry.term}, crc32c(entry.data));
        if (!fresh && it->second != crc32c(entry.data)) broken("two entries {} of term {}", index, entry.term);
      }
    }
  }

  // All faults end: the group must come to an agreement that has everything that a client was told.
  void recover() {
    network_.heal();
    for (auto& [id, peer] : peers_) {
      peer.store->crash();
      peer.down_until_ms = 0;
      if (peer.group) crash(id, 0);
      if (!peer.gone) start(id);
    }
    auto told = truth_.told();
    bool proposed = false;
    for (int ms = 0; ms < 20'000; ++ms) {
      ++now_ms_;
      for (auto& [id, peer] : peers_) {
        if (!peer.group && !peer.gone) start(id);
      }
      pass();
      end_snapshots();
      for (auto& [id, peer] : peers_) {
        if (!peer.group) continue;
        apply(id, 1000);
        auto status = peer.group->status();
        if (status.role == Role::leader && status.may_read && !proposed) {
          propose(id);
          proposed = truth_.told() > told || !peers_[id].proposals.empty();
        }
      }
      if (truth_.told() > told && agreed()) return check_logs();
      if (ms % 2000 == 1999) proposed = false;  // the leader may have changed
    }
    broken("no agreement 20 s after the last fault");
  }

  // Every member has applied what the newest client was told.
  bool agreed() {
    for (auto& [id, peer] : peers_) {
      if (!peer.group || peer.group->status().role != Role::leader) continue;
      for (const auto& member : peer.group->status().members) {
        const auto& other = peers_[member.member.id];
        if (!other.lost && other.app.index < truth_.told()) return false;
      }
      return true;
    }
    return false;
  }

  Plan plan_;
  Random random_;
  Network network_;
  Truth truth_;
  std::map<NodeId, Peer> peers_;
  std::vector<std::pair<NodeId, NodeId>> lost_snapshots_;  // from, to: reported a little later, as by a transport
  bool losing_ = false;                                    // a disk, as soon as it may be
  std::uint64_t now_ms_ = 0;
  std::uint64_t proposed_ = 0;
  std::uint64_t trace_ = 0;
  Report counts_;
};

}  // namespace

Report simulate(const Plan& plan) {
  std::optional<World> world;
  try {
    world.emplace(plan);
    world->run();
  } catch (const Broken& what) {
    auto report = world ? world->report() : Report{};
    report.failure = what.what();
    return report;
  }
  return world->report();
}

}  // namespace gantry::raft::sim
