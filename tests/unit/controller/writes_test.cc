#include "controller/writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/reads.h"
#include "replication/entry_codec.h"

namespace gantry::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Consensus by hand: it remembers what it was asked.
struct FakeLog final : ReplicatedLog {
  void propose(Token token, std::string entry) override { proposed.emplace_back(token, std::move(entry)); }
  void read(Token token) override { rounds.push_back(token); }
  void applied(raft::Index) override {}
  void snapshot(raft::Index, std::string) override {}
  std::vector<std::pair<Token, std::string>> proposed;
  std::vector<Token> rounds;
};

replication::Command command(std::int64_t id) { return replication::ApplyBrokerId{"c", "set", id, "a:1;2"}; }

class WritesTest : public testing::Test {
 protected:
  void submit(std::int64_t id, MonotonicMs now = 0) {
    writes.submit(
        command(id),
        [this, id](const Result<replication::Applied>& result) {
          told.emplace_back(id, result ? "applied" : std::string(to_string(result.error().code)));
        },
        now);
  }
  // The entry of the n-th proposal stands at index in term.
  void proposed_at(std::size_t n, raft::Index index, raft::Term term) {
    writes.on_proposed(log.proposed.at(n).first, raft::Proposal{index, term});
  }
  void committed(raft::Index index, raft::Term term) {
    for (const auto batch = writes.take(index, term); const auto& done : batch.done) done(replication::Applied{});
  }

  FakeLog log;
  WriteLimits limits{.waiting_max = 5, .entry_commands_max = 3, .timeout_ms = 1'000};
  Writes writes{log, limits};
  std::vector<std::pair<std::int64_t, std::string>> told;
};

TEST_F(WritesTest, GivenCommandsOfOneTurnThenTheyAreOneEntryAndEachIsToldWhenItIsApplied) {
  submit(1);
  submit(2);
  EXPECT_THAT(log.proposed, IsEmpty()) << "nothing before the turn ends";
  writes.flush();
  ASSERT_EQ(log.proposed.size(), 1u);
  EXPECT_THAT(*replication::decode_entry(log.proposed[0].second), ElementsAre(command(1), command(2)));
  proposed_at(0, 7, 2);
  EXPECT_THAT(told, IsEmpty()) << "proposed is not committed";
  committed(7, 2);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "applied"), std::pair(2, "applied")));
  EXPECT_EQ(writes.waiting(), 0u);
}

TEST_F(WritesTest, GivenMoreThanOneEntryHoldsThenTheyAreSeveral) {
  for (int id = 1; id <= 4; ++id) submit(id);
  writes.flush();
  EXPECT_EQ(log.proposed.size(), 2u);
}

TEST_F(WritesTest, GivenMoreThanMayWaitThenTheNextIsRefusedAtOnce) {
  for (int id = 1; id <= 6; ++id) submit(id);
  EXPECT_THAT(told, ElementsAre(std::pair(6, "resource exhausted")));
}

TEST_F(WritesTest, GivenAProposalThatIsRefusedThenItSurelyDidNotHappen) {
  submit(1);
  writes.flush();
  writes.on_proposed(log.proposed[0].first, fail(Errc::unavailable, "not the leader"));
  EXPECT_THAT(told, ElementsAre(std::pair(1, "unavailable")));
}

TEST(WritesThatFailAtOnceTest, GivenWhoIsToldThatWritesAgainThenThatIsForTheNextTurn) {
  struct RefusingLog final : ReplicatedLog {
    void propose(Token token, std::string) override {
      ++proposals;
      writes->on_proposed(token, fail(Errc::unavailable, "no"));
    }
    void read(Token) override {}
    void applied(raft::Index) override {}
    void snapshot(raft::Index, std::string) override {}
    Writes* writes = nullptr;
    int proposals = 0;
  };
  RefusingLog log;
  Writes writes(log, {});
  log.writes = &writes;
  int told = 0;
  const std::function<void(const Result<replication::Applied>&)> again = [&](const auto&) {
    if (++told < 3) writes.submit(command(told), again, told);
  };
  writes.submit(command(0), again, 0);
  writes.flush();
  EXPECT_EQ(log.proposals, 1);
  EXPECT_TRUE(writes.gathered());
  writes.flush();
  EXPECT_EQ(log.proposals, 2);
}

TEST_F(WritesTest, GivenAnotherLeadersEntryInItsPlaceThenItSurelyDidNotHappen) {
  submit(1);
  writes.flush();
  submit(2);
  writes.flush();
  proposed_at(0, 7, 2);
  proposed_at(1, 8, 2);
  committed(7, 3);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "unavailable")));
  committed(8, 2);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "unavailable"), std::pair(2, "applied")));
}

TEST_F(WritesTest, GivenNoWordInTimeThenTheOutcomeIsUnknownAndNotToldAgain) {
  submit(1, 0);
  writes.flush();
  proposed_at(0, 7, 2);
  writes.expire(999);
  EXPECT_THAT(told, IsEmpty());
  writes.expire(1'000);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "timeout")));
  committed(7, 2);
  EXPECT_EQ(told.size(), 1u);
}

TEST_F(WritesTest, GivenASnapshotThatJumpsOverItThenTheOutcomeIsUnknown) {
  submit(1);
  writes.flush();
  proposed_at(0, 7, 2);
  writes.on_restore(7);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "timeout")));
}

// An older version of entries, which has no place for the check code.
std::string encode_without_check_code(std::span<const replication::Command> commands, std::uint32_t version) {
  std::vector<replication::Command> written(commands.begin(), commands.end());
  for (auto& command : written) {
    if (version == 1) std::get<replication::ApplyBrokerId>(command).check_code.clear();
  }
  return replication::encode_entry(written);
}

TEST_F(WritesTest, GivenAnOlderVersionIsWrittenThenTheLeaderAppliesWhatItSaysAndNotWhatWasAsked) {
  Writes leader(log, limits, {.newest = 2, .encode_entry = encode_without_check_code});
  const auto applied_by_us = [&](raft::Index index) {
    leader.submit(command(1), [](const auto&) {}, 0);
    leader.flush();
    leader.on_proposed(log.proposed.back().first, raft::Proposal{index, 2});
    return leader.take(index, 2).commands.at(0);
  };
  for (const std::uint32_t version : {1u, 2u, 1u}) {
    leader.write_version(version);
    const auto ours = applied_by_us(version);
    EXPECT_THAT(*replication::decode_entry(log.proposed.back().second), ElementsAre(ours)) << "as the others see it";
    EXPECT_EQ(ours == command(1), version == 2) << "in version " << version;
  }
}

// The older entry may be in another log still, whose node may yet be elected.
TEST_F(WritesTest, GivenTheSameIndexInALaterTermThenTheOlderIsUnknownAndTheNewerWaits) {
  submit(1);
  writes.flush();
  submit(2);
  writes.flush();
  proposed_at(0, 7, 2);
  proposed_at(1, 7, 4);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "timeout")));
  committed(7, 4);
  EXPECT_THAT(told, ElementsAre(std::pair(1, "timeout"), std::pair(2, "applied")));
}

class ReadsTest : public testing::Test {
 protected:
  void submit(int id, MonotonicMs now = 0) {
    reads.submit([this, id](const Result<void>& ready) { told.emplace_back(id, ready.has_value()); }, now);
  }

  FakeLog log;
  ReadLimits limits{.waiting_max = 5, .rounds_max = 2, .timeout_ms = 1'000};
  Reads reads{log, limits};
  std::vector<std::pair<int, bool>> told;
};

TEST_F(ReadsTest, GivenReadsThatWaitThenOneRoundAnswersAllOnceItsIndexIsApplied) {
  submit(1);
  submit(2);
  reads.flush();
  ASSERT_EQ(log.rounds.size(), 1u);
  reads.on_read(log.rounds[0], raft::Index{9});
  EXPECT_THAT(told, IsEmpty());
  reads.on_applied(8);
  EXPECT_THAT(told, IsEmpty());
  reads.on_applied(9);
  EXPECT_THAT(told, ElementsAre(std::pair(1, true), std::pair(2, true)));
}

TEST_F(ReadsTest, GivenARoundOnItsWayThenALaterReadWaitsForAnother) {
  submit(1);
  reads.flush();
  submit(2);
  reads.on_applied(9);
  reads.on_read(log.rounds[0], raft::Index{9});
  EXPECT_THAT(told, ElementsAre(std::pair(1, true))) << "the second came after the round was sent";
  reads.flush();
  ASSERT_EQ(log.rounds.size(), 2u);
  reads.on_read(log.rounds[1], raft::Index{9});
  EXPECT_EQ(told.size(), 2u);
}

TEST_F(ReadsTest, GivenAsManyRoundsAsMayBeOnTheirWayThenReadsGather) {
  for (int id = 1; id <= 4; ++id) {
    submit(id);
    reads.flush();
  }
  EXPECT_EQ(log.rounds.size(), 2u);
  reads.on_read(log.rounds[0], raft::Index{0});
  reads.flush();
  EXPECT_EQ(log.rounds.size(), 3u);
}

TEST_F(ReadsTest, GivenARoundThatFailedThenItsReadsGoIntoTheNextButNotBeforeSomeTimeHasPassed) {
  submit(1);
  reads.flush();
  reads.on_read(log.rounds[0], fail(Errc::unavailable, "nobody leads"));
  EXPECT_FALSE(reads.gathered());
  reads.flush();
  EXPECT_EQ(log.rounds.size(), 1u);
  reads.expire(20);
  EXPECT_TRUE(reads.gathered());
  reads.flush();
  ASSERT_EQ(log.rounds.size(), 2u);
  reads.on_read(log.rounds[1], raft::Index{0});
  EXPECT_THAT(told, ElementsAre(std::pair(1, true)));
}

TEST_F(ReadsTest, GivenNobodyWhoLeadsThenReadsFailInTimeAndMoreThanMayWaitAtOnce) {
  for (int id = 1; id <= 6; ++id) submit(id);
  EXPECT_THAT(told, ElementsAre(std::pair(6, false)));
  reads.flush();
  reads.expire(999);
  EXPECT_EQ(told.size(), 1u);
  reads.expire(1'000);
  EXPECT_EQ(told.size(), 6u);
  EXPECT_EQ(reads.waiting(), 0u);
}

}  // namespace
}  // namespace gantry::controller
