// What a replica does about the log and the heartbeats, with a log that commits what it is given as soon as it is told.
#include "controller/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/controller/log_of_one.h"

namespace gantry::controller {
namespace {

using replication::ElectionReason;

class ReplicaTest : public testing::Test {
 protected:
  void SetUp() override {
    log.lead(replica);
    replica.on_role_changed = [this](const replication::RoleChanged& change, bool) {
      changes.push_back(change.record.reason);
    };
  }
  void turn() {
    replica.flush();
    log.commit(replica);
  }
  void write(replication::Command command) {
    replica.write(std::move(command), [](const auto& applied) { ASSERT_TRUE(applied) << applied.error().message; });
    turn();
  }
  void heartbeat(std::int64_t id, std::uint64_t connection) {
    Heartbeat heartbeat;
    heartbeat.cluster_name = "c";
    heartbeat.broker_name = "set";
    heartbeat.broker_id = id;
    heartbeat.connection = connection;
    replica.heartbeat(heartbeat);
  }
  void pass(std::int64_t ms) {
    for (const MonotonicMs until = now + ms; now < until; now += 20) {
      replica.tick();
      turn();
    }
  }
  // Members 1 to 3, all in sync and heard, on connections 11 to 13; 1 is master at the epochs 1 and 2.
  void three_in_sync() {
    for (std::int64_t id = 1; id <= 3; ++id) {
      const std::string address = "a:" + std::to_string(id);
      write(replication::ApplyBrokerId{"c", "set", id, address + ";2"});
      heartbeat(id, 10 + static_cast<std::uint64_t>(id));
    }
    auto first = replica.election("set", ElectionReason::broker_asked);
    first.broker_id = 1;
    write(std::move(first));
    replication::AlterSyncStateSet alter;
    alter.broker_name = "set";
    alter.master_id = 1;
    alter.master_epoch = 1;
    alter.sync_state_set_epoch = 1;
    alter.sync_state_set = {1, 2, 3};
    alter.facts = replica.facts("set");
    write(std::move(alter));
  }
  void elect_first() {
    write(replication::ApplyBrokerId{"c", "set", 1, "a:1;2"});
    auto election = replica.election("set", ElectionReason::broker_asked);
    election.broker_id = 1;
    write(std::move(election));
  }

  MonotonicMs now = 1'000;
  LogOfOne log;
  ReplicaSettings settings{.heartbeat_timeout_ms = 3'000};
  Replica replica{settings, log, {[this] { return now; }, [] { return std::int64_t{1}; }, [] {}}};
  std::vector<ElectionReason> changes;
};

// A broker asks to be master and sends its first heartbeat only then.
TEST_F(ReplicaTest, GivenANewMasterThatHasSentNoHeartbeatYetThenItHasAFullTimeoutForItsFirst) {
  elect_first();
  ASSERT_THAT(changes, testing::ElementsAre(ElectionReason::broker_asked));
  pass(2'900);
  EXPECT_EQ(changes.size(), 1u) << "not judged before its time";
  pass(300);
  EXPECT_THAT(changes, testing::ElementsAre(ElectionReason::broker_asked, ElectionReason::expired));
  EXPECT_FALSE(replica.state().find("set")->master_id);
}

TEST_F(ReplicaTest, GivenANewMasterWhoseHeartbeatComesThenItStays) {
  elect_first();
  pass(1'000);
  for (int i = 0; i < 10; ++i) {
    replica.heartbeat({.cluster_name = "c",
                       .broker_name = "set",
                       .broker_id = 1,
                       .address = "a:1",
                       .timeout_ms = 3'000,
                       .connection = 7});
    pass(1'000);
  }
  EXPECT_EQ(changes.size(), 1u);
  EXPECT_EQ(replica.state().find("set")->master_id, 1);
}

// The audit alone would look at it after all other sets, which takes seconds when there are thousands.
TEST_F(ReplicaTest, GivenTheElectedIsLostWhileItsElectionIsUnderWayThenTheNextIsElectedAtOnce) {
  three_in_sync();
  replica.connection_closed(11, true);  // the master: 2 is proposed
  replica.flush();
  replica.connection_closed(12, true);  // who is lost before it is committed
  log.commit(replica);
  EXPECT_EQ(replica.state().find("set")->master_id, 2);
  turn();
  EXPECT_NE(replica.state().find("set")->master_id, 2) << "without a tick of the clock";
}

// No tick passes: the audit of all sets would find it, in its turn.
TEST_F(ReplicaTest, GivenTheMasterIsCleanedThenAnotherIsElectedAtOnce) {
  three_in_sync();
  replication::CleanBrokerData clean;
  clean.cluster_name = "c";
  clean.broker_name = "set";
  clean.broker_ids = {1};
  clean.clean_living_broker = true;
  write(std::move(clean));
  turn();
  EXPECT_THAT(changes, testing::ElementsAre(ElectionReason::broker_asked, ElectionReason::master_cleaned,
                                            ElectionReason::member_returned));
  EXPECT_EQ(replica.state().find("set")->master_id, 2);
}

TEST_F(ReplicaTest, GivenTheMasterIsStartedAnewElsewhereThenAnElectionIsHeldAtOnce) {
  three_in_sync();
  replication::RegisterBroker elsewhere;
  elsewhere.cluster_name = "c";
  elsewhere.broker_name = "set";
  elsewhere.broker_id = 1;
  elsewhere.address = "b:1";
  write(std::move(elsewhere));
  turn();
  EXPECT_THAT(changes, testing::ElementsAre(ElectionReason::broker_asked, ElectionReason::address_changed,
                                            ElectionReason::member_returned));
}

TEST_F(ReplicaTest, GivenTheMastersConnectionWhenWeClosedItThenItStaysMasterForTheRestOfItsTimeout) {
  elect_first();
  heartbeat(1, 11);
  replica.connection_closed(11, false);
  turn();
  pass(2'900);
  EXPECT_EQ(replica.state().find("set")->master_id, 1);
  heartbeat(1, 12);
  replica.connection_closed(12, true);
  turn();
  EXPECT_FALSE(replica.state().find("set")->master_id);
}

TEST_F(ReplicaTest, GivenStrangersThatFillTheBookThenMembersAreHeardAndTheStrangersForgottenInTime) {
  settings.brokers_max = 10;
  Replica small{settings, log, {[this] { return now; }, [] { return std::int64_t{1}; }, [] {}}};
  log.lead(small);
  small.write(replication::ApplyBrokerId{"c", "set", 1, "a:1;2"}, [](const auto&) {});
  small.flush();
  log.commit(small);
  const auto beat = [&](std::string_view set, std::int64_t id) {
    small.heartbeat({.cluster_name = "c", .broker_name = set, .broker_id = id, .timeout_ms = 1'000});
    return small.liveness().alive("c", set, id, now);
  };
  for (std::int64_t id = 1; id <= 10; ++id) EXPECT_TRUE(beat("strangers", id));
  EXPECT_FALSE(beat("strangers", 11));
  EXPECT_EQ(small.heartbeats_refused(), 1u);
  EXPECT_TRUE(beat("set", 1));
  EXPECT_FALSE(beat("set", 2)) << "not a member";
  EXPECT_EQ(small.heartbeats_refused(), 2u);
  now += Liveness::kForgottenAfterMs + 2'000;
  small.tick();
  EXPECT_EQ(small.liveness().size(), 1u) << "the member, whoever is silent";
  EXPECT_TRUE(beat("strangers", 11));
}

TEST_F(ReplicaTest, GivenALeaderThatHasNotAppliedItsOwnTermYetThenItElectsNobody) {
  Replica fresh{settings, log, {[this] { return now; }, [] { return std::int64_t{1}; }, [] {}}};
  fresh.on_leadership({raft::Role::leader, 1, 1});
  std::optional<Error> refused;
  fresh.write(replica.election("set", ElectionReason::operator_asked),
              [&](const auto& applied) { refused = applied.error(); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errc::unavailable);
}

TEST_F(ReplicaTest, GivenImportedSetsWhenAnotherLeaderFollowsThenTheirMastersKeepTheirTime) {
  replication::ImportReplicaSet import;
  import.cluster_name = "c";
  import.broker_name = "set";
  import.next_broker_id = 100;
  import.master_id = 1;
  import.master_epoch = 7;
  import.sync_state_set_epoch = 9;
  import.sync_state_set = {1};
  import.members = {{1, "a:1", ""}};
  write(import);
  replica.on_leadership({raft::Role::follower, 2, 3});
  replica.on_leadership({raft::Role::leader, 3, 1});
  log.lead(replica, 3);
  pass(100'000);
  EXPECT_EQ(replica.state().find("set")->master_id, 1) << "brokers look for other controllers every 2 min";
  pass(60'000);
  EXPECT_FALSE(replica.state().find("set")->master_id);
}

TEST_F(ReplicaTest, GivenABrokerHeardBeforeThatAsksToBeMasterThenItHasAFullTimeoutToBeHeardAgain) {
  write(replication::ApplyBrokerId{"c", "set", 1, "a:1;2"});
  heartbeat(1, 11);
  replica.connection_closed(11, true);  // started again
  auto election = replica.election("set", ElectionReason::broker_asked);
  election.broker_id = 1;
  write(std::move(election));
  ASSERT_EQ(replica.state().find("set")->master_id, 1);
  pass(2'900);
  EXPECT_EQ(replica.state().find("set")->master_epoch, 1);
}

TEST_F(ReplicaTest, GivenANewLeaderThenNobodyOutOfSyncIsElectedBeforeABrokersTimeoutHasPassed) {
  replica.allow_unclean_election(true);
  EXPECT_FALSE(replica.election("set", ElectionReason::operator_asked).unclean_allowed);
  pass(3'000);
  EXPECT_TRUE(replica.election("set", ElectionReason::operator_asked).unclean_allowed);
}

TEST_F(ReplicaTest, GivenANewLeaderThenNobodyIsCleanedForSilenceBeforeABrokersTimeoutHasPassed) {
  write(replication::ApplyBrokerId{"c", "set", 1, "a:1;2"});
  write(replication::ApplyBrokerId{"c", "set", 2, "b:1;2"});
  replication::CleanBrokerData clean{.cluster_name = "c", .broker_name = "set", .broker_ids = {1}};
  pass(2'900);
  std::optional<Error> refused;
  clean.facts = replica.facts("set");
  replica.write(clean, [&](const auto& applied) { refused = applied.error(); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Errc::unavailable);
  EXPECT_THAT(refused->message, testing::HasSubstr("try again"));
  EXPECT_TRUE(replica.state().find("set")->member(1));
  clean.clean_living_broker = true;
  write(clean);
  EXPECT_FALSE(replica.state().find("set")->member(1)) << "asked for, whoever lives";
  pass(100);
  clean.clean_living_broker = false;
  clean.broker_ids = {2};
  clean.facts = replica.facts("set");
  write(clean);
  EXPECT_FALSE(replica.state().find("set"));
}

TEST_F(ReplicaTest, GivenItStopsThenWhoWaitsIsToldAndNothingMoreIsDone) {
  std::vector<Errc> told;
  replica.write(replication::ApplyBrokerId{"c", "set", 1, "a:1;2"},
                [&](const auto& applied) { told.push_back(applied.error().code); });
  replica.read([&](const Result<void>& ready) { told.push_back(ready.error().code); });
  replica.stop();
  replica.read([&](const Result<void>& ready) { told.push_back(ready.error().code); });
  EXPECT_THAT(told, testing::ElementsAre(Errc::timeout, Errc::unavailable, Errc::unavailable));
}

}  // namespace
}  // namespace gantry::controller
