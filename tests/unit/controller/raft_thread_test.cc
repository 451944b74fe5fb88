// Raft threads of three or four nodes over real connections and disks: what only shows where all parts are together.
#include "controller/raft_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <filesystem>

#include "raft/frames.h"
#include "unit/drive.h"

namespace gantry::controller {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// The application's state is one text; an entry replaces it.
struct RaftNode final : LogListener {
  RaftNode(asio::io_context& context, raft::NodeId number)
      : io(context), id(number), acceptor(io, {asio::ip::address_v4::loopback(), 0}) {
    accept();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }
  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      if (raft) {
        const auto remote = socket.remote_endpoint();
        raft->accept(std::move(socket), remote);
      }
      accept();
    });
  }
  void start(RaftThreadConfig config) {
    config.id = config.transport.self = id;
    config.group.seed = id;
    config.transport.group = "g";
    config.formed = [] { return Result<void>{}; };
    auto opened = RaftThread::open(io, std::move(config), *this);
    ASSERT_TRUE(opened) << opened.error().message;
    raft = std::move(*opened);
    raft->take_part();
  }

  void on_proposed(Token, const Result<raft::Proposal>&) override {}
  void on_read(Token, const Result<raft::Index>&) override {}
  void on_restore(raft::Index index, const std::string& snapshot) override {
    state = snapshot;
    restored = applied = index;
    raft->applied(index);
  }
  void on_committed(std::vector<raft::Output::Committed> entries) override {
    for (auto& entry : entries) {
      if (!entry.data.empty()) state = std::move(entry.data);
      applied = entry.index;
    }
    raft->applied(applied);
  }
  void on_leadership(const raft::Output::Leadership& now) override { leads = now.role == raft::Role::leader; }
  void on_members(const raft::Members& now) override { members = now; }
  void on_snapshot_wanted() override { raft->snapshot(applied, state); }
  void on_entry_version(std::uint32_t version) override { entry_version = version; }
  void on_failed(const Error& error) override { failed = error.message; }

  asio::io_context& io;
  raft::NodeId id;
  tcp::acceptor acceptor;
  std::unique_ptr<RaftThread> raft;
  std::string state;
  raft::Index applied = 0;
  raft::Index restored = 0;
  raft::Members members;
  std::uint32_t entry_version = 1;
  bool leads = false;
  std::string failed;
};

class RaftThreads : public testing::Test {
 protected:
  RaftThreads() {
    for (raft::NodeId id = 1; id <= 3; ++id) {
      nodes.push_back(std::make_unique<RaftNode>(io, id));
      founders.list.push_back({id, nodes.back()->address(), true});
      founders.highest_id = id;
    }
  }
  ~RaftThreads() override {
    for (auto& node : nodes) node->raft.reset();
    std::filesystem::remove_all(directory);
  }
  RaftThreadConfig config(raft::NodeId id) const {
    RaftThreadConfig config;
    config.directory = directory + "/" + std::to_string(id);
    config.founding = founders;
    config.form = !std::filesystem::exists(config.directory);
    return config;
  }
  RaftNode* leader() {
    for (auto& node : nodes) {
      if (node->raft && node->leads) return node.get();
    }
    return nullptr;
  }
  template <class Condition>
  bool until(Condition condition) {
    return test::run_until(io, condition);
  }

  asio::io_context io{1};
  std::string directory = std::filesystem::temp_directory_path() / ("gantry-raft-threads-" + std::to_string(getpid()));
  raft::Members founders;
  std::vector<std::unique_ptr<RaftNode>> nodes;
};

TEST_F(RaftThreads, GivenAStateLargerThanAFrameWhenANodeJoinsThenItGetsTheStateInPieces) {
  const auto with_small_frames = [&](raft::NodeId id) {
    RaftThreadConfig settings = config(id);
    settings.transport.message_bytes_max = 2'000'000;
    settings.transport.piece_bytes = 100'000;
    return settings;
  };
  for (auto& node : nodes) node->start(with_small_frames(node->id));
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  leader()->raft->propose(1, "small");
  ASSERT_TRUE(until([&] { return leader() && leader()->state == "small"; }));
  std::string large(20'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  for (auto& node : nodes) node->state = large;  // as if many entries had made it

  auto& joins = *nodes.emplace_back(std::make_unique<RaftNode>(io, 4));
  RaftThreadConfig settings = with_small_frames(4);
  settings.form = false;
  settings.seeds = founders;
  joins.start(std::move(settings));
  bool proposed = false;
  leader()->raft->change({raft::MemberChange::Kind::add_learner, 4, joins.address(), "n3", "token"},
                         [&](const Result<raft::Proposal>& done) { proposed = done.has_value(); });
  ASSERT_TRUE(until([&] { return joins.restored > 1; })) << joins.failed;
  EXPECT_TRUE(proposed);
  EXPECT_TRUE(joins.state == large);
  EXPECT_EQ(joins.members.find(4)->name, "n3");
  ASSERT_NE(leader(), nullptr);
  leader()->raft->propose(2, "after");
  ASSERT_TRUE(until([&] { return joins.state == "after"; })) << joins.failed;
}

TEST_F(RaftThreads, GivenAGroupThatKnowsItsLeaderThenARemovedNodeIsNotHeardAndOneThatMayHaveComeSinceIs) {
  for (auto& node : nodes) node->start(config(node->id));
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  leader()->raft->propose(1, "a leader changes members once it has committed in its term");
  ASSERT_TRUE(until([&] { return leader() && !leader()->state.empty(); }));
  auto& gone = *nodes[leader()->id % 3];
  leader()->raft->change({raft::MemberChange::Kind::remove, gone.id, ""}, [](const auto&) {});
  ASSERT_TRUE(until([&] { return leader() && leader()->members.list.size() == 2; }));
  gone.raft.reset();

  const auto greet = [&](raft::NodeId from) {
    tcp::socket socket(io);
    socket.connect(leader()->acceptor.local_endpoint());
    asio::write(socket, asio::buffer(raft::encode_preamble(false) + raft::encode_hello({from, leader()->id, 1, "g"})));
    return socket;
  };
  tcp::socket later = greet(7), removed = greet(gone.id);
  const auto closed = [](tcp::socket& socket) {
    boost::system::error_code error;
    char byte = 0;
    socket.non_blocking(true);
    socket.receive(asio::buffer(&byte, 1), 0, error);
    return error && error != asio::error::would_block;
  };
  EXPECT_TRUE(until([&] { return closed(removed); }));
  EXPECT_FALSE(closed(later));
}

TEST_F(RaftThreads, GivenMembersOfTwoVersionsThenEntriesAreWrittenAsTheOldestReadsThem) {
  const auto reading = [&](raft::NodeId id, std::uint32_t version) {
    RaftThreadConfig settings = config(id);
    settings.transport.reads = version;
    return settings;
  };
  for (auto& node : nodes) node->start(reading(node->id, node->id == 3 ? 1 : 2));
  ASSERT_TRUE(until([&] { return leader() != nullptr; }));
  leader()->raft->propose(1, "first");
  ASSERT_TRUE(until([&] { return nodes[0]->state == "first" && nodes[2]->state == "first"; }));
  for (auto& node : nodes) EXPECT_EQ(node->entry_version, 1u) << "node 3 reads no more";

  nodes[2]->raft.reset();
  nodes[2]->leads = false;
  nodes[2]->start(reading(3, 2));
  // A node speaks to those that it has something to say to: the followers to the leader.
  ASSERT_TRUE(until([&] { return leader() && leader()->entry_version == 2; }));

  auto& old = *nodes[leader()->id % 3];
  old.raft.reset();
  old.leads = false;
  old.start(reading(old.id, 1));
  ASSERT_TRUE(until([&] { return leader() && leader()->entry_version == 1; })) << "a downgrade is heard of too";
}

}  // namespace
}  // namespace gantry::controller
