#include "controller/log_driver.h"

#include <gtest/gtest.h>

#include "sim/raft/memory_log_store.h"

namespace gantry::controller {
namespace {

struct Heard final : LogListener {
  std::vector<Error> failures;
  raft::Index committed = 0;

  void on_proposed(Token, const Result<raft::Proposal>&) override {}
  void on_read(Token, const Result<raft::Index>&) override {}
  void on_restore(raft::Index index, const std::string&) override { committed = index; }
  void on_committed(std::vector<raft::Output::Committed> entries) override { committed = entries.back().index; }
  void on_leadership(const raft::Output::Leadership&) override {}
  void on_members(const raft::Members&) override {}
  void on_snapshot_wanted() override {}
  void on_entry_version(std::uint32_t) override {}
  void on_failed(const Error& error) override { failures.push_back(error); }
};

struct Host final : LogDriverHost {
  Heard heard;
  std::vector<ToListener> calls;
  std::vector<raft::Group::SnapshotWork> disk;
  int stops = 0;

  void send(const raft::Output::Message&) override {}
  void flush() override {}
  void set_peers(const raft::Members&) override {}
  void to_listener(ToListener call) override { calls.push_back(std::move(call)); }
  void run_soon() override {}
  std::uint64_t lease_clock_ms() override { return 0; }
  void dropped(const Error&) override {}
  void stopped() override { ++stops; }
  void in_background(raft::Group::SnapshotWork work) override { disk.push_back(std::move(work)); }

  void tell() {
    for (auto& call : std::exchange(calls, {})) call(heard);
  }
};

// A group of one that leads.
class LogDriverOfOne : public testing::Test {
 protected:
  LogDriverOfOne() {
    raft::Members members{.list = {{1, "a:1", true}}, .highest_id = 1};
    EXPECT_TRUE(raft::Group::form(store_, members));
    driver_.emplace(*raft::Group::open({.id = 1, .election_ticks = 3, .heartbeat_ticks = 1}, store_), host_);
    for (int i = 0; i < 10; ++i) {
      driver_->tick();
      driver_->run();
      host_.tell();
      driver_->applied(host_.heard.committed);
    }
  }

  void written() {
    ASSERT_EQ(host_.disk.size(), 1u) << "one at a time";
    auto work = std::move(host_.disk.front());
    host_.disk.clear();
    driver_->snapshot_written(work());
  }
  void commit(std::string_view entry) {
    driver_->propose(1, entry);
    driver_->run();
    host_.tell();
    driver_->applied(host_.heard.committed);
  }
  raft::Index snapshot() const { return driver_->group().status().snapshot; }

  raft::sim::MemoryLogStore store_;
  Host host_;
  std::optional<LogDriver> driver_;
};

// The error of a disk has the code of a leader that is not there, which is no reason to stop.
TEST_F(LogDriverOfOne, GivenADiskThatFailsWithASnapshotThenTheListenerHearsIt) {
  ASSERT_GT(host_.heard.committed, 1u);
  store_.fail_next_staging();
  driver_->snapshot(host_.heard.committed, "state");
  written();
  host_.tell();
  EXPECT_TRUE(driver_->failed());
  EXPECT_EQ(host_.stops, 1);
  ASSERT_EQ(host_.heard.failures.size(), 1u);
  EXPECT_EQ(host_.heard.failures[0].message, "the disk failed");
}

TEST_F(LogDriverOfOne, GivenADiskThatIsSlowWithASnapshotThenWritesGoOnAndItCountsOnceItIsThere) {
  commit("a");
  const auto first = host_.heard.committed;
  driver_->snapshot(first, "after a");
  commit("b");
  EXPECT_EQ(host_.heard.committed, first + 1) << "while the disk is busy with it";
  EXPECT_LT(snapshot(), first);
  written();
  EXPECT_EQ(snapshot(), first);
  EXPECT_EQ(store_.read_snapshot()->bytes, "after a");
}

TEST_F(LogDriverOfOne, GivenSnapshotsThatComeWhileOneIsWrittenThenTheNewestFollows) {
  raft::Index last = 0;
  for (const char* entry : {"a", "b", "c"}) {
    commit(entry);
    last = host_.heard.committed;
    driver_->snapshot(last, std::string("after ") + entry);
  }
  written();
  EXPECT_EQ(snapshot(), last - 2);
  written();
  EXPECT_EQ(snapshot(), last);
  EXPECT_EQ(store_.read_snapshot()->bytes, "after c");
  EXPECT_TRUE(host_.disk.empty());
}

TEST_F(LogDriverOfOne, GivenThoseWhoWaitForSnapshotsThenEachIsToldWhenItsOwnIsThere) {
  std::vector<raft::Index> told;
  const auto ask = [&] {
    driver_->status_after_snapshots([&](const raft::GroupStatus& status) { told.push_back(status.snapshot); });
    host_.tell();
  };
  commit("a");
  const auto first = host_.heard.committed;
  driver_->snapshot(first, "after a");
  ask();
  commit("b");
  driver_->snapshot(first + 1, "after b");
  ask();
  commit("c");
  driver_->snapshot(first + 2, "after c");
  ask();
  EXPECT_TRUE(told.empty());
  written();
  host_.tell();
  EXPECT_EQ(told, (std::vector<raft::Index>{first})) << "those that replace each other are one, and later";
  written();
  host_.tell();
  EXPECT_EQ(told, (std::vector<raft::Index>{first, first + 2, first + 2}));
  ask();
  EXPECT_EQ(told.back(), first + 2) << "nothing is written: at once";
  EXPECT_EQ(told.size(), 4u);
}

TEST_F(LogDriverOfOne, GivenADiskThatFailsThenWhoWaitsForASnapshotIsDroppedOnTheListenersSide) {
  auto held = std::make_shared<int>(0);
  driver_->snapshot(host_.heard.committed, "state");
  driver_->status_after_snapshots([held](const raft::GroupStatus&) { ++*held; });
  store_.fail_next_staging();
  written();
  driver_->status_after_snapshots([held](const raft::GroupStatus&) { ++*held; });
  EXPECT_EQ(held.use_count(), 3) << "what answers requests must not end on the Raft thread";
  host_.tell();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST_F(LogDriverOfOne, GivenASnapshotOfTheFutureThenItGoesOn) {
  driver_->snapshot(host_.heard.committed + 1, "state");
  driver_->propose(1, "entry");
  driver_->run();
  host_.tell();
  EXPECT_FALSE(driver_->failed());
  EXPECT_TRUE(host_.heard.failures.empty());
}

}  // namespace
}  // namespace gantry::controller
