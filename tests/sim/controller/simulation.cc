#include "sim/controller/simulation.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/checksum.h"
#include "sim/controller/fleet.h"
#include "sim/controller/node.h"

namespace gantry::sim {
namespace {

using raft::NodeId;

constexpr std::uint64_t kHealedWithinMs = 10'000;

std::uint64_t mix(std::uint64_t before, std::uint64_t value) {
  std::uint64_t x = (before ^ value) + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  return x ^ (x >> 31);
}

class World {
 public:
  explicit World(const Plan& plan, Report& counts)
      : plan_(plan),
        counts_(counts),
        random_(plan.seed * 6'271 + 11),
        network_(random_),
        surroundings_{plan_, random_, network_, truth_, history_, counts_, now_ms_, founders(), settings()} {
    // shorter than ten ticks of the fastest voter, on the slowest leader's clock
    if (random_.one_in(2) || plan.bug == Bug::fast_lease) surroundings_.lease_ms = 25;
    for (const auto& member : surroundings_.founders.list) {
      auto forward = [this, from = member.id](NodeId to, History::Id op, const Request& request, Node::Reply reply) {
        forward_write(from, to, op, request, std::move(reply));
      };
      nodes_.push_back(std::make_unique<Node>(member.id, surroundings_, std::move(forward)));
      nodes_.back()->start();
    }
    down_until_ms_.resize(nodes_.size() + 1);
    lives_.resize(nodes_.size() + 1);
    Fleet::Outside outside{[this](NodeId from, std::string set, Request request, Fleet::Reply reply) {
                             ask(from, any(), std::move(set), std::move(request), std::move(reply));
                           },
                           [this](std::uint64_t due_ms, std::function<void()> event) { at(due_ms, std::move(event)); },
                           [this](NodeId id) { return &node(id); }};
    for (const auto& member : surroundings_.founders.list) {
      if (!plan.upgrade) break;
      at(random_.between(plan.steps / 10, plan.steps), [this, id = member.id] {
        node(id).upgrade();
        crash(id, random_.between(1, 100));
      });
    }
    fleet_.emplace(surroundings_, std::move(outside), random_.between(1, 3), random_.between(2, 3));
  }

  void run() {
    for (std::uint64_t step = 0; step < plan_.steps; ++step) {
      disturb();
      fleet_->disturb();
      operators();
      readers();
      pass();
    }
    heal();
    judge();
  }

  void finish_report() {
    counts_.trace = trace_;
    counts_.committed = truth_.newest_index();
    counts_.leaders = truth_.leaders();
    counts_.elections = truth_.elections();
    counts_.unclean = truth_.unclean_elections();
  }

 private:
  raft::Members founders() {
    raft::Members members;
    const NodeId count = random_.one_in(4) ? 5 : 3;
    for (NodeId id = 1; id <= count; ++id) {
      members.list.push_back({id, fmt::format("node-{}:9878", id), true});
      members.highest_id = id;
    }
    return members;
  }

  controller::ReplicaSettings settings() {
    controller::ReplicaSettings settings;
    settings.unclean_election = random_.one_in(4);
    settings.heartbeat_timeout_ms = 300;
    settings.snapshot_after_entries = random_.between(20, 200);
    settings.writes = {.entry_bytes_max = 1'000, .entry_commands_max = 4, .timeout_ms = 500};
    settings.reads = {.rounds_max = 3, .timeout_ms = 400};
    return settings;
  }

  Node& node(NodeId id) { return *nodes_[id - 1]; }
  NodeId any() { return random_.between(1, nodes_.size()); }
  std::string any_set() { return fleet_->brokers()[random_.below(fleet_->brokers().size())].set; }
  void at(std::uint64_t due_ms, std::function<void()> event) { events_.emplace(due_ms, std::move(event)); }

  // --- what goes wrong ---

  void crash(NodeId id, std::uint64_t down_ms) {
    if (!node(id).up()) return;
    node(id).crash();
    ++lives_[id];
    ++counts_.crashes;
    down_until_ms_[id] = now_ms_ + down_ms;
    fleet_->controller_crashed(id);
  }

  void disturb() {
    if (random_.one_in(300)) {
      network_.change_weather(nodes_.size() + (random_.one_in(3) ? fleet_->brokers().size() : 0));
    }
    // a forgotten vote matters while the election goes on
    const std::uint64_t crashes = plan_.bug == Bug::forget_vote ? 60 : 350;
    if (random_.one_in(crashes)) crash(any(), random_.between(1, random_.one_in(3) ? 600 : 40));
    if (random_.one_in(4'000)) {
      for (NodeId id = 1; id <= nodes_.size(); ++id) crash(id, random_.between(1, 50));  // the power goes
    }
    if (random_.one_in(1'500)) node(any()).store().fail_next(random_.one_in(2));
    if (random_.one_in(400)) node(any()).clock().change_rate(now_ms_, surroundings_.some_rate());
    if (random_.one_in(900)) node(any()).clock().jump(static_cast<std::int64_t>(random_.between(20, 2'000)));
    if (random_.one_in(500)) node(any()).stand_still(now_ms_ + random_.between(10, 400));
    for (auto& one : nodes_) {
      if (one->leads() && random_.one_in(900)) one->transfer(any());
      if (one->up() && random_.one_in(600)) one->compact();
    }
  }

  // --- clients ---

  void operators() {
    if (!random_.one_in(40)) return;
    const auto set = any_set();
    const auto id = static_cast<std::int64_t>(random_.between(1, 5));
    replication::ElectMaster elect{.cluster_name = "c", .broker_name = set};
    replication::AlterSyncStateSet alter{.broker_name = set, .master_id = id, .master_epoch = 1};
    replication::CleanBrokerData clean{.cluster_name = "c", .broker_name = set};
    switch (random_.below(8)) {
      case 0:
        clean.clean_living_broker = random_.one_in(2);
        if (!random_.one_in(4)) clean.broker_ids = {id};
        return ask(0, any(), set, clean, {});
      case 1: alter.sync_state_set = {id, id + 1}; return ask(0, any(), set, alter, {});
      case 2: elect.reason = replication::ElectionReason::operator_asked; return ask(0, any(), set, elect, {});
      default:
        elect.reason = replication::ElectionReason::operator_designated;
        elect.broker_id = id;
        return ask(0, any(), set, elect, {});
    }
  }

  void readers() {
    if (reading_ >= 8 || !random_.one_in(7)) return;
    ++reading_;
    auto set = any_set();
    Read read{static_cast<Read::Kind>(random_.below(3)), set};
    ask(0, any(), std::move(set), read, [this](const Result<Answer>&) { --reading_; });
  }

  // A call over the network; `reply` gets the answer, or Errc::timeout.
  void ask(NodeId from, NodeId to, std::string set, Request request, Fleet::Reply reply) {
    const auto op = history_.called(set);
    auto open = std::make_shared<bool>(true);
    auto end = [this, op, open, set, reply = std::move(reply)](const Result<Answer>& answer) {
      if (!std::exchange(*open, false)) return;
      note(op, set, answer);
      if (reply) reply(answer);
    };
    at(now_ms_ + random_.between(100, 1'500), [end] { end(fail(Errc::timeout, "no answer")); });
    const auto there = network_.travel_ms(from, to);
    if (!there) return;
    at(now_ms_ + *there, [this, from, to, op, request = std::move(request), end] {
      node(to).serve(op, request, false, [this, from, to, end](const Result<Answer>& answer) {
        const auto back = network_.travel_ms(to, from);
        if (back) at(now_ms_ + *back, [end, answer] { end(answer); });
      });
    });
  }

  void forward_write(NodeId from, NodeId to, History::Id op, const Request& request, Node::Reply reply) {
    const auto there = network_.travel_ms(from, to);
    if (!there) return;
    at(now_ms_ + *there, [this, from, to, op, request, life = lives_[from], reply = std::move(reply)] {
      node(to).serve(op, request, true, [this, from, to, life, reply](const Result<Answer>& answer) {
        const auto back = network_.travel_ms(to, from);
        if (!back) return;
        at(now_ms_ + *back, [this, from, life, reply, answer] {
          if (lives_[from] == life) reply(answer);
        });
      });
    });
  }

  void note(History::Id op, const std::string& set, const Result<Answer>& answer) {
    if (!answer) {
      const auto code = answer.error().code;
      if (code == Errc::unavailable || code == Errc::resource_exhausted) history_.refused(op);
      return;
    }
    history_.answered(op, *answer);
    trace_ = mix(trace_, crc32c(describe(*answer)));
    const replication::Outcome* outcome = std::get_if<replication::Outcome>(&*answer);
    if (const auto* applied = std::get_if<replication::Applied>(&*answer)) outcome = &applied->outcome;
    if (outcome && outcome->master_id) truth_.told(set, outcome->master_epoch, *outcome->master_id);
  }

  // --- time passes ---

  void pass() {
    ++now_ms_;
    while (!events_.empty() && events_.begin()->first <= now_ms_) {
      auto event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      event();
    }
    while (auto letter = network_.receive(now_ms_)) {
      trace_ = mix(trace_, mix(letter->to, crc32c(letter->bytes)));
      if (letter->to != 0) node(letter->to).deliver(std::move(letter->bytes));
    }
    fleet_->pass();
    if (plan_.upgrade && random_.one_in(10)) greet(any(), any());
    for (auto& one : nodes_) {
      one->pass();
      if (one->failed()) crash(one->id(), random_.between(1, 300));
      if (!one->up() && down_until_ms_[one->id()] <= now_ms_) one->start();
    }
  }

  void greet(NodeId from, NodeId to) {
    const auto travels = network_.travel_ms(from, to);
    if (from == to || !node(from).up() || !travels) return;
    at(now_ms_ + *travels, [this, from, to, version = node(from).version()] { node(to).hear_version(from, version); });
  }

  // --- all faults end ---

  void heal() {
    network_.heal();
    const bool all_at_once = random_.one_in(2);
    for (auto& one : nodes_) {
      one->stand_still(0);
      if (all_at_once) crash(one->id(), 0);
      down_until_ms_[one->id()] = 0;
    }
    const auto since = now_ms_;
    std::optional<raft::Index> written;
    while (true) {
      pass();
      if (!written && !probing_ && (now_ms_ - since) % 20 == 0) probe(written);
      auto missing = what_is_missing(written);
      if (!missing) break;
      if (now_ms_ - since > kHealedWithinMs) {
        for (auto& one : nodes_) *missing += "\n  " + one->describe();
        broken("{} ms after the last fault: {}", now_ms_ - since, *missing);
      }
    }
    counts_.healed_ms = now_ms_ - since;
    read_all();
  }

  // A write through any node.
  void probe(std::optional<raft::Index>& written) {
    probing_ = true;
    ask(0, any(), "probe", replication::ApplyBrokerId{"c", "probe", 1, "10.9.9.9:1;1"},
        [this, &written](const Result<Answer>& answer) {
          probing_ = false;
          if (answer) written = truth_.newest_index();
        });
  }

  std::optional<std::string> what_is_missing(std::optional<raft::Index> written) {
    if (!written) return "no write was answered";
    for (auto& one : nodes_) {
      if (!one->up() || one->replica().applied() < *written) return fmt::format("controller {} is late", one->id());
    }
    return fleet_->missing(truth_.newest());
  }

  // What was acknowledged is there, on every node.
  void read_all() {
    std::size_t open = 0;
    for (auto& one : nodes_) {
      for (std::size_t set = 0; set < 3; ++set) {
        const auto name = fmt::format("set-{}", set);
        ++open;
        ask(0, one->id(), name, Read{Read::Kind::whole_set, name}, [&open](const Result<Answer>& answer) {
          if (!answer) broken("a read after the healing fails: {}", answer.error().message);
          --open;
        });
      }
    }
    while (open > 0) pass();
  }

  void judge() {
    const auto verdict = history_.judge();
    counts_.operations = verdict.operations;
    counts_.indeterminate = verdict.indeterminate;
    counts_.undecided = verdict.undecided;
    counts_.judged_steps = verdict.steps;
    if (verdict.failure) broken("{}", *verdict.failure);
  }

  const Plan& plan_;
  Report& counts_;
  raft::sim::Random random_;
  raft::sim::Network network_;
  Truth truth_;
  History history_;
  std::uint64_t now_ms_ = 0;
  Surroundings surroundings_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::uint64_t> down_until_ms_;  // by node
  std::vector<std::uint64_t> lives_;          // by node
  std::optional<Fleet> fleet_;
  std::multimap<std::uint64_t, std::function<void()>> events_;
  std::size_t reading_ = 0;
  bool probing_ = false;
  std::uint64_t trace_ = 0;
};

}  // namespace

Report simulate(const Plan& plan) {
  spdlog::set_level(spdlog::level::off);
  Report report;
  std::optional<World> world;
  try {
    world.emplace(plan, report);
    world->run();
  } catch (const Broken& what) {
    report.failure = what.what();
  }
  if (world) world->finish_report();
  return report;
}

}  // namespace gantry::sim
