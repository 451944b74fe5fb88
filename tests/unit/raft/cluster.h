// Groups in one thread with a network that the test carries: everything sent is queued, and delivered when the test says.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "raft/group.h"
#include "sim/raft/memory_log_store.h"

namespace gantry::raft::group_test {

struct TestNode {
  std::shared_ptr<LogStore> store;
  std::optional<Group> group;
  std::optional<Error> stopped;
  std::vector<std::string> applied;  // the application: the texts in order
  Index applied_index = 0;
  std::map<ReadRound, Index> answers;
  std::set<ReadRound> failed_reads;
  std::vector<Output::Leadership> leaderships;
  Members members;
  std::size_t restores = 0;

  std::string state() const {
    std::string out;
    for (const auto& text : applied) out += text + "\n";
    return out;
  }
};

class Cluster {
 public:
  using MakeStore = std::function<std::shared_ptr<LogStore>(NodeId)>;

  explicit Cluster(NodeId count, MakeStore make = {}, const std::function<void(GroupConfig&)>& configure = {})
      : make_(std::move(make)) {
    if (configure) configure(base);
    if (!make_) make_ = [](NodeId) { return std::make_shared<sim::MemoryLogStore>(); };
    Members founders;
    for (NodeId id = 1; id <= count; ++id) founders.list.push_back({id, address(id), true});
    for (NodeId id = 1; id <= count; ++id) {
      auto& node = nodes[id];
      node.store = make_(id);
      auto formed = Group::form(*node.store, founders);
      EXPECT_TRUE(formed) << formed.error().message;
      start(id);
    }
  }

  static std::string address(NodeId id) { return "127.0.0." + std::to_string(id) + ":9878"; }

  // A node with nothing on its disk, waiting to be added.
  void add_empty(NodeId id) {
    nodes[id].store = make_(id);
    start(id);
  }

  void start(NodeId id) {
    auto& node = nodes[id];
    GroupConfig config = base;
    config.id = id;
    config.seed = 100 + id;
    auto opened = Group::open(config, *node.store);
    ASSERT_TRUE(opened) << opened.error().message;
    node.applied.clear();
    node.applied_index = 0;
    node.answers.clear();
    node.stopped.reset();
    node.group.emplace(std::move(*opened));
    handle(id);
  }

  void stop(NodeId id) {
    nodes[id].group.reset();
    if (auto* memory = dynamic_cast<sim::MemoryLogStore*>(nodes[id].store.get())) memory->crash();
  }

  void tick(NodeId id) {
    if (auto& node = nodes[id]; node.group) {
      if (auto ticked = node.group->tick(); !ticked) node.stopped = ticked.error();
      handle(id);
    }
  }

  // All turns of one node.
  void handle(NodeId id) {
    auto& node = nodes[id];
    while (node.group && node.group->has_work()) {
      auto output = node.group->turn();
      if (!output) {
        node.stopped = output.error();
        return;
      }
      for (auto& message : output->messages)
        queue.push_back({id, message.to, std::move(message.bytes), message.snapshot});
      if (output->restore) restore(node, *output->restore);
      for (auto& entry : output->committed) {
        EXPECT_EQ(entry.index, node.applied_index + 1);
        if (!entry.data.empty()) node.applied.push_back(entry.data);
        node.applied_index = entry.index;
      }
      EXPECT_TRUE(node.group->advance_applied(node.applied_index));
      for (auto read : output->reads) node.answers[read.round] = read.index;
      for (auto round : output->failed_reads) node.failed_reads.insert(round);
      if (output->leadership) node.leaderships.push_back(*output->leadership);
      if (output->snapshot_wanted) {
        EXPECT_TRUE(node.group->offer_snapshot(node.applied_index, node.state()));
      }
      if (output->members) node.members = *output->members;
    }
  }

  // Delivers what is under way, and what that causes, but for nodes that are cut off or stopped.
  void settle() {
    for (int i = 0; i < 100'000 && !queue.empty(); ++i) {
      auto letter = std::move(queue.front());
      queue.pop_front();
      deliver(letter);
    }
    EXPECT_TRUE(queue.empty()) << "the group never comes to rest";
  }

  NodeId leader() const {
    for (const auto& [id, node] : nodes) {
      if (node.group && !cut.contains(id) && node.group->status().role == Role::leader) return id;
    }
    return 0;
  }

  // Time passes for all nodes until the condition holds.
  bool until(const std::function<bool()>& condition, int ticks_max = 600) {
    for (int i = 0; i < ticks_max; ++i) {
      settle();
      if (condition()) return true;
      for (auto& [id, node] : nodes) tick(id);
    }
    settle();
    return condition();
  }

  NodeId elect() {
    EXPECT_TRUE(until([&] { return leader() != 0 && group(leader()).status().may_read; }));
    return leader();
  }

  NodeId follower() const {
    for (const auto& [id, node] : nodes) {
      if (node.group && node.group->status().role == Role::follower && !cut.contains(id)) return id;
    }
    return 0;
  }

  Group& group(NodeId id) { return *nodes[id].group; }

  Result<Proposal> propose(NodeId id, std::string_view text) {
    auto proposal = group(id).propose(text);
    handle(id);
    return proposal;
  }

  void write(std::string_view text) {
    auto proposal = propose(leader(), text);
    ASSERT_TRUE(proposal) << proposal.error().message;
    settle();
  }

  struct Letter {
    NodeId from = 0;
    NodeId to = 0;
    std::string bytes;
    bool snapshot = false;
  };

  GroupConfig base{.election_ticks = 10, .heartbeat_ticks = 2};
  std::map<NodeId, TestNode> nodes;
  std::deque<Letter> queue;
  std::set<NodeId> cut;                     // receive nothing, send nothing
  std::function<bool(const Letter&)> lose;  // when set and true: lost
  std::size_t snapshots_sent = 0;

 private:
  void deliver(const Letter& letter) {
    auto& to = nodes[letter.to];
    bool lost =
        cut.contains(letter.from) || cut.contains(letter.to) || !to.group || to.stopped || (lose && lose(letter));
    auto& from = nodes[letter.from];
    if (letter.snapshot) {
      ++snapshots_sent;
      if (from.group) (void)from.group->report_snapshot(letter.to, !lost);
    } else if (lost && from.group) {
      (void)from.group->report_unreachable(letter.to);
    }
    if (!lost) {
      auto stepped = to.group->step(letter.bytes);
      if (!stepped && stepped.error().code == Errc::internal) to.stopped = stepped.error();
      if (!stepped) refusals.push_back(stepped.error().message);
      handle(letter.to);
    }
    handle(letter.from);
  }

  static void restore(TestNode& node, const Output::Restore& restored) {
    ++node.restores;
    node.applied.clear();
    std::string line;
    for (char c : restored.bytes) {
      if (c == '\n') {
        node.applied.push_back(std::exchange(line, ""));
      } else {
        line += c;
      }
    }
    node.applied_index = restored.index;
  }

  MakeStore make_;

 public:
  std::vector<std::string> refusals;
};

}  // namespace gantry::raft::group_test
