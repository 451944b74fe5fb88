#include "raft/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "raft/codec.h"
#include "unit/raft/cluster.h"

namespace gantry::raft::group_test {
namespace {

class NoSource final : public Source {
 public:
  Result<std::vector<Entry>> read_entries(Index, Index, std::size_t) noexcept override {
    return fail(Errc::corrupt, "none");
  }
  std::optional<Position> snapshot_for(NodeId) noexcept override { return std::nullopt; }
  void log(int, std::string_view) noexcept override {}
};

NodeConfig three_nodes() {
  NodeConfig config;
  config.id = 1;
  config.incarnation = 1;
  config.members = {{{1, "a", true}, {2, "b", true}, {3, "c", true}}, 3};
  config.election_ticks = 10;
  config.heartbeat_ticks = 2;
  config.message_bytes_max = 1 << 20;
  config.inflight_messages_max = 16;
  config.uncommitted_bytes_max = 1 << 24;
  config.committed_bytes_max = 1 << 20;
  config.cached_bytes_max = 1 << 20;
  config.entry_bytes_max = 1 << 20;
  return config;
}

TEST(RaftNode, GivenAPanicOfTheCoreThenItIsAnErrorAndTheNodeStaysPoisoned) {
  NoSource source;
  auto node = Node::create(three_nodes(), source);
  ASSERT_TRUE(node);
  auto panicked = node->panic();
  ASSERT_FALSE(panicked);
  EXPECT_EQ(panicked.error().code, Errc::internal);
  EXPECT_THAT(panicked.error().message, testing::HasSubstr("asked for by a test"));
  EXPECT_FALSE(node->has_ready());
  EXPECT_EQ(node->tick().error().code, Errc::internal);
  EXPECT_EQ(node->ready().error().code, Errc::internal);
  EXPECT_EQ(node->status().role, Role::follower);
}

TEST(RaftNode, GivenASettingThatCannotBeThenItSaysWhy) {
  NoSource source;
  auto config = three_nodes();
  config.id = 0;
  auto node = Node::create(config, source);
  ASSERT_FALSE(node);
  EXPECT_THAT(node.error().message, testing::HasSubstr("id must not be zero"));
}

TEST(RaftNode, GivenALogThatCannotBeReadThenItDoesNotStart) {
  NoSource source;
  auto config = three_nodes();
  config.hard_state = {.term = 1, .vote = 0, .commit = 5};
  config.last_index = 5;
  EXPECT_FALSE(Node::create(config, source));
}

// Protobuf by hand: fields of the core's Message that a peer could fill with anything.
class MessageBytes {
 public:
  MessageBytes& number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
    return *this;
  }
  MessageBytes& text(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value > 127; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

enum Field {
  type = 1,
  to = 2,
  from = 3,
  term = 4,
  log_term = 5,
  index = 6,
  entries = 7,
  commit = 8,
  reject = 10,
  hint = 11,
  context = 12
};

struct BadMessage {
  const char* name;
  MessageBytes message;
};

// Types as in the core's eraftpb.proto.
constexpr std::uint64_t hup = 0, beat = 1, propose = 2, append = 3, append_response = 4, snapshot = 7, heartbeat = 8,
                        transfer = 13, read_index = 15;

MessageBytes from_two(std::uint64_t kind) { return MessageBytes().number(type, kind).number(to, 1).number(from, 2); }

std::string entry(std::uint64_t at, std::uint64_t entry_term, std::uint64_t kind = 0, std::string_view data = "x") {
  return MessageBytes().number(1, kind).number(2, entry_term).number(3, at).text(4, data).bytes();
}

TEST(RaftNode, GivenMessagesThatCannotBeFromACorrectPeerThenEachIsRefusedAndNothingChanges) {
  NoSource source;
  auto node = Node::create(three_nodes(), source);
  ASSERT_TRUE(node);
  const BadMessage cases[] = {
      {"not protobuf", MessageBytes().number(type, append).text(entries, "\xff\xff\xff")},
      {"for another node", MessageBytes().number(type, append).number(to, 3).number(from, 2).number(term, 1)},
      {"from ourselves", MessageBytes().number(type, append).number(to, 1).number(from, 1).number(term, 1)},
      {"from nobody", MessageBytes().number(type, append).number(to, 1).number(term, 1)},
      {"an unknown type", from_two(99).number(term, 1)},
      {"an unknown field", from_two(append).number(term, 1).number(77, 1)},
      {"hup", from_two(hup).number(term, 1)},
      {"beat", from_two(beat).number(term, 1)},
      {"a forwarded proposal", from_two(propose).number(term, 1).text(entries, entry(0, 0))},
      {"a forwarded transfer", from_two(transfer).number(term, 1)},
      {"term 0", from_two(append)},
      {"a term beyond all", from_two(heartbeat).number(term, ~0ULL)},
      {"a gap", from_two(append).number(term, 1).text(entries, entry(2, 1))},
      {"an entry of a later term", from_two(append).number(term, 1).text(entries, entry(1, 2))},
      {"terms that go back", from_two(append).number(term, 3).text(entries, entry(1, 3)).text(entries, entry(2, 2))},
      {"a change that cannot be read", from_two(append).number(term, 1).text(entries, entry(1, 1, 1, "\xff"))},
      {"a joint change", from_two(append).number(term, 1).text(entries, entry(1, 1, 2, ""))},
      {"an unknown kind of entry", from_two(append).number(term, 1).text(entries, entry(1, 1, 9))},
      {"entries in a heartbeat", from_two(heartbeat).number(term, 1).text(entries, entry(1, 1))},
      {"a long context", from_two(heartbeat).number(term, 1).text(context, std::string(65, 'x'))},
      {"a read without context", from_two(read_index).text(entries, entry(0, 0))},
      {"a snapshot without members", from_two(snapshot).number(term, 1)},
  };
  for (const auto& bad : cases) {
    auto stepped = node->step(bad.message.bytes(), nullptr);
    ASSERT_FALSE(stepped) << bad.name;
    EXPECT_EQ(stepped.error().code, Errc::invalid_argument) << bad.name << ": " << stepped.error().message;
    EXPECT_EQ(node->status().term, 0u) << bad.name;
  }
  auto lost = node->step(from_two(heartbeat).number(term, 1).number(commit, 5).bytes(), nullptr);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Errc::corrupt);
  EXPECT_TRUE(node->step(from_two(heartbeat).number(term, 1).bytes(), nullptr)) << "and a correct one is taken";
}

// A group at work, and what its nodes said to node 1.
struct Recorded {
  explicit Recorded(NodeId last_leader) : cluster(3) {
    cluster.lose = [this](const auto& letter) {
      if (letter.to == 1) messages.push_back(letter.bytes);
      return false;
    };
    auto leader = cluster.elect();
    for (int i = 0; i < 20; ++i) cluster.write("entry " + std::to_string(i));
    for (NodeId next : {leader % 3 + 1, last_leader}) {
      (void)cluster.group(cluster.leader()).transfer(next);
      cluster.handle(cluster.leader());
      cluster.until([&] { return cluster.leader() == next; });
      cluster.elect();
      cluster.write("after");
    }
  }
  Cluster cluster;
  std::vector<std::string> messages;
};

std::string damaged_message(const std::vector<std::string>& real, std::mt19937_64& random) {
  auto bytes = real[random() % real.size()];
  for (auto n = 1 + random() % 3; n > 0; --n) bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
  return bytes;
}

std::string random_message(std::mt19937_64& random) {
  MessageBytes message;
  message.number(type, random() % 20).number(to, random() % 20 ? 1 : 2).number(from, 2 + random() % 2);
  message.number(term, random() % 6).number(log_term, random() % 4).number(index, random() % 30);
  message.number(commit, random() % 30).number(reject, random() % 2).number(hint, random() % 30);
  auto at = random() % 30;
  for (auto n = random() % 3; n > 0; --n) message.text(entries, entry(at++, random() % 6, random() % 3));
  return encode_frame(message.bytes());
}

// Refused, taken or, at worst, the node is poisoned; the process goes on. MESSAGES= for a longer run.
TEST(RaftNode, GivenTenThousandBadMessagesThenNothingCrashes) {
  const auto* wanted = std::getenv("MESSAGES");
  const int messages = wanted != nullptr ? std::atoi(wanted) : 10'000;
  std::mt19937_64 random(1);
  std::size_t poisoned = 0;
  std::size_t refused = 0;
  std::size_t taken = 0;
  std::optional<Recorded> group;
  for (int i = 0; i < messages; ++i) {
    auto& node = group ? group->cluster.nodes[1] : (group.emplace(1 + random() % 2), group->cluster.nodes[1]);
    auto stepped = node.group->step(i % 2 == 0 ? damaged_message(group->messages, random) : random_message(random));
    ++(stepped ? taken : refused);
    if (random() % 4 == 0) group->cluster.tick(1);
    group->cluster.handle(1);
    group->cluster.queue.clear();
    bool failed = node.stopped || (!stepped && stepped.error().code == Errc::internal);
    if (failed) {
      ++poisoned;
      RecordProperty("panic", node.stopped ? node.stopped->message : stepped.error().message);
    }
    if (failed || i % 100 == 99) group.reset();  // after a while it believes in terms that no message reaches
  }
  RecordProperty("poisoned", static_cast<int>(poisoned));
  RecordProperty("taken", static_cast<int>(taken));
  EXPECT_GT(taken, refused / 20);
  EXPECT_GT(refused, taken / 20);
  EXPECT_LT(poisoned * 1000, static_cast<std::size_t>(messages)) << "the checks before the core should stop nearly all";
}

}  // namespace
}  // namespace gantry::raft::group_test
