// SEEDS=500 build/release/tests/sim_raft runs 500 seeds, SEEDS=7000-8000 those; STEPS= longer ones. A failure names its seed.
#include "sim/raft/simulation.h"

#include <gtest/gtest.h>

#include "sim/seeds.h"

namespace gantry::raft::sim {
namespace {

TEST(RaftSimulation, GivenAnyFaultsThenWhatRaftPromisesHolds) {
  Report sum;
  for (auto [seed, last] = gantry::sim::seeds(200); seed <= last; ++seed) {
    auto report = simulate({.seed = seed, .steps = gantry::sim::steps(Plan{}.steps)});
    ASSERT_FALSE(report.failure) << "seed " << seed << ": " << *report.failure << "\nreplay: SEEDS=" << seed << "-"
                                 << seed << " sim_raft --gtest_filter=" << "RaftSimulation.GivenAnyFaults*";
    sum.committed += report.committed;
    sum.reads += report.reads;
    sum.crashes += report.crashes;
    sum.elections += report.elections;
    sum.snapshots += report.snapshots;
    sum.changes += report.changes;
    sum.disks_lost += report.disks_lost;
  }
  printf(
      "committed %lu, reads %lu, crashes %lu, elections %lu, snapshots %lu, changes of members %lu, disks lost %lu\n",
      sum.committed, sum.reads, sum.crashes, sum.elections, sum.snapshots, sum.changes, sum.disks_lost);
  EXPECT_GT(sum.committed, 0u);
  EXPECT_GT(sum.reads, 0u);
}

TEST(RaftSimulation, GivenTheSameSeedThenTheSameRun) {
  auto once = simulate({.seed = 42});
  auto again = simulate({.seed = 42});
  EXPECT_EQ(once.trace, again.trace);
  EXPECT_NE(once.trace, simulate({.seed = 43}).trace);
}

struct Planted {
  const char* name;
  Bug bug;
  friend void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.name; }
};

class RaftSimulationFinds : public testing::TestWithParam<Planted> {};

TEST_P(RaftSimulationFinds, GivenAPlantedBugThenASeedShowsIt) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    if (auto report = simulate({.seed = seed, .bug = GetParam().bug}); report.failure) {
      printf("seed %lu: %s\n", seed, report.failure->c_str());
      return;
    }
  }
  FAIL() << "not found in 300 seeds";
}

INSTANTIATE_TEST_SUITE_P(All, RaftSimulationFinds,
                         testing::Values(Planted{"reply_before_sync", Bug::reply_before_sync},
                                         Planted{"forget_vote", Bug::forget_vote},
                                         Planted{"local_read", Bug::local_read},
                                         Planted{"join_sent_round", Bug::join_sent_round}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::raft::sim
