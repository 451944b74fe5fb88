// What probes, Prometheus and the page are told, and how it is counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "controller/log_meter.h"
#include "controller/metrics_text.h"
#include "controller/page_json.h"
#include "controller/table.h"
#include "wire/codes.h"

namespace gantry::controller {
namespace {

namespace json = boost::json;
using replication::BrokerFacts;
using replication::ElectionReason;
using testing::ElementsAre;
using testing::HasSubstr;

NodeView healthy_node() {
  NodeView node;
  node.name = "n0";
  node.group = "g";
  node.address = "10.0.0.1:9878";
  node.member = true;
  node.role = raft::Role::follower;
  node.term = 3;
  node.leader = "n1";
  node.leader_address = "10.0.0.2:9878";
  node.commit = node.applied = 100;
  node.members = {{1, "n0", "10.0.0.1:9878", true}, {2, "n1", "10.0.0.2:9878", true}};
  return node;
}

TEST(ReadinessOfAController, GivenWhatItKnowsThenReadyOrTheReason) {
  struct Case {
    const char* name;
    void (*change)(NodeView&);
    bool ready;
    const char* why;
  };
  for (const Case& c : {
           Case{"follows", [](NodeView&) {}, true, "follows n1 in term 3, applied 100"},
           Case{"leads", [](NodeView& n) { n.role = raft::Role::leader; }, true, "leads in term 3"},
           Case{"a little late", [](NodeView& n) { n.commit = 100 + kReadyLagMax; }, true, "follows"},
           Case{"late", [](NodeView& n) { n.commit = 101 + kReadyLagMax; }, false, "applied 100 of 1101"},
           Case{"no leader", [](NodeView& n) { n.leader.reset(); }, false, "no controller leads in term 3"},
           Case{"forming", [](NodeView& n) { n.member = false, n.waits_for = "no answer yet of n2"; }, false,
                "no answer yet of n2"},
           Case{"removed", [](NodeView& n) { n.removed = true; }, false, "removed from the group"},
           Case{"disk hangs", [](NodeView& n) { n.raft_silent_ms = kRaftSilentMaxMs + 1; }, false, "disk"},
       }) {
    NodeView node = healthy_node();
    c.change(node);
    const Readiness readiness = readiness_of(node);
    EXPECT_EQ(readiness.ready, c.ready) << c.name;
    EXPECT_THAT(readiness.why, HasSubstr(c.why)) << c.name;
  }
}

raft::GroupStatus status_of_two(std::optional<std::uint32_t> silent_ticks) {
  raft::GroupStatus status;
  status.id = 1;
  status.term = 3;
  status.last = 100;
  raft::MemberStatus self, other;
  self.member.id = 1;
  self.matched = 100;
  self.silent_ticks = 0;  // a leader hears itself
  other.member.id = 2;
  other.matched = 90;
  other.silent_ticks = silent_ticks;
  status.members = {self, other};
  return status;
}

TEST(MembersAsTheLeaderSeesThem, GivenOneThatIsSilentThenItsLagIsNotKnown) {
  NodeView leader = healthy_node();
  leader.role = raft::Role::leader;
  watch(leader, status_of_two(1));
  EXPECT_EQ(leader.members[0].alive, true);
  EXPECT_EQ(leader.members[1].alive, true);
  EXPECT_EQ(leader.members[1].lag, 10U);

  leader = healthy_node();
  leader.role = raft::Role::leader;
  watch(leader, status_of_two(std::nullopt));
  EXPECT_EQ(leader.members[1].alive, false);
  EXPECT_EQ(leader.members[1].lag, std::nullopt);
}

TEST(MembersAsTheLeaderSeesThem, GivenAnotherTermOrAFollowerThenNothingIsSaid) {
  NodeView follower = healthy_node();
  watch(follower, status_of_two(1));
  EXPECT_EQ(follower.members[1].alive, std::nullopt);
  NodeView later = healthy_node();
  later.role = raft::Role::leader;
  later.term = 4;
  watch(later, status_of_two(1));
  EXPECT_EQ(later.members[1].alive, std::nullopt);
}

SetView set_of(const std::string& name, std::optional<std::int64_t> master, std::vector<std::int64_t> in_sync,
               std::vector<std::int64_t> alive) {
  SetView view;
  view.set.cluster_name = "Shop";
  view.set.broker_name = name;
  view.set.master_id = master;
  view.set.master_epoch = 2;
  view.set.sync_state_set = std::move(in_sync);
  for (const std::int64_t id : {1, 2}) {
    view.set.members.push_back({id, "10.1.0." + std::to_string(id) + ":10911", ""});
    BrokerFacts facts{.broker_id = id};
    facts.alive = std::ranges::find(alive, id) != alive.end();
    facts.epoch = 2;
    facts.max_offset = 1'000 * id;
    view.facts.push_back(facts);
  }
  return view;
}

std::vector<SetView> some_sets() {
  return {set_of("broker-a", 1, {1, 2}, {1, 2}), set_of("broker-b", 2, {2}, {1, 2}), set_of("broker-c", {}, {1}, {2}),
          set_of("broker-d", {}, {}, {1})};
}

TEST(SetStates, GivenMastersAndMembersThenTheStateIsThatOfTheWorst) {
  const auto sets = some_sets();
  EXPECT_EQ(state_of(sets[0]), SetState::healthy);
  EXPECT_EQ(state_of(sets[1]), SetState::degraded) << "1 is not in sync";
  EXPECT_EQ(state_of(sets[2]), SetState::no_master);
  EXPECT_EQ(state_of(sets[3]), SetState::new_set);
  EXPECT_EQ(state_of(set_of("x", 1, {1, 2}, {1})), SetState::degraded) << "2 is silent";
}

NumbersView some_numbers() {
  NumbersView numbers;
  numbers.node = healthy_node();
  numbers.requests.resize(routes().size());
  numbers.changes.resize(Meters::kReasons);
  numbers.raft = std::make_shared<RaftGauges>();
  return numbers;
}

std::size_t kind_of(std::int32_t code) {
  return static_cast<std::size_t>(std::ranges::find(routes(), code, &Route::code) - routes().begin());
}

TEST(MetricsText, GivenCountsThenTheyComeUnderTheNamesAndLabelsOfTheJavaController) {
  NumbersView numbers = some_numbers();
  auto& elect = numbers.requests[kind_of(wire::request_code::kControllerElectMaster)];
  elect.ended[0] = 7;
  elect.ended[2] = 1;
  elect.latency.record(42);
  numbers.elections["broker-a"] = {"Shop", 3, 2, 1};
  numbers.changes[static_cast<std::size_t>(ElectionReason::silent)] = 4;
  numbers.log.committed = 5;
  const std::string text = metrics_text(numbers, some_sets(), 4'096);
  const std::string own = R"(otel_scope_name="controller",address="10.0.0.1:9878",group="g",peer_id="n0")";
  for (const std::string& line : {
           "role{" + own + "} 2\n",
           "dledger_disk_usage_bytes{" + own + "} 4096\n",
           "active_broker_num{" + own + R"(,cluster="Shop",broker_set="broker-c"} 1)" + "\n",
           "request_total{" + own + R"(,request_handle_status="success",request_type="CONTROLLER_ELECT_MASTER"} 7)" +
               "\n",
           "request_total{" + own + R"(,request_handle_status="timeout",request_type="CONTROLLER_ELECT_MASTER"} 1)" +
               "\n",
           "request_latency_microseconds_bucket{" + own + R"(,request_type="CONTROLLER_ELECT_MASTER",le="50"} 1)" +
               "\n",
           "request_latency_microseconds_sum{" + own + R"(,request_type="CONTROLLER_ELECT_MASTER"} 42)" + "\n",
           "dledger_op_total{" + own + R"(,dLedger_operation_status="success",dledger_operation="append"} 5)" + "\n",
           "election_total{" + own +
               R"(,cluster="Shop",broker_set="broker-a",election_result="keep_current_master"} 2)" + "\n",
           std::string("gantry_controller_term 3\n"),
           std::string("gantry_controller_ready 1\n"),
           std::string("gantry_controller_sets{state=\"no_master\"} 1\n"),
           std::string("gantry_controller_master_changes_total{reason=\"silent\"} 4\n"),
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsText, GivenNoGroupYetThenItsTermAndIndexesAreUnknownAndNotZero) {
  NumbersView numbers = some_numbers();
  numbers.node.member = false;
  const std::string text = metrics_text(numbers, {}, std::nullopt);
  EXPECT_THAT(text, testing::Not(HasSubstr("gantry_controller_term")));
  EXPECT_THAT(text, testing::Not(HasSubstr("gantry_controller_commit_index")));
  const auto json = node_json(numbers.node, {}, 0);
  for (const char* name : {"term", "commit_index", "applied_index"}) EXPECT_TRUE(json.at(name).is_null()) << name;
}

TEST(MetersTest, GivenASetThatWasCleanedThenItsElectionsAreForgotten) {
  replication::State state;
  ASSERT_EQ(state.apply(replication::ApplyBrokerId{"c", "kept", 1, "a:1;2"}).outcome.verdict,
            replication::Verdict::success);
  Meters meters{.requests = RequestMeter(1)};
  for (const char* name : {"kept", "cleaned"}) {
    replication::ElectMaster election;
    election.broker_name = name;
    meters.held(election, {}, "c");
  }
  meters.keep_only(state);
  EXPECT_EQ(meters.elections.size(), 1u);
  EXPECT_TRUE(meters.elections.contains("kept"));
}

TEST(MetricsText, GivenAnyRequestThatIsAnsweredThenItsTypeIsANameAndNoNumber) {
  std::set<std::string> names;
  for (const Route& route : routes()) {
    names.insert(std::string(route.name));
    EXPECT_THAT(std::string(route.name), testing::Not(testing::ContainsRegex("[0-9]"))) << route.code;
  }
  EXPECT_EQ(names.size(), routes().size()) << "each its own";
}

TEST(MetricsText, GivenASilentControllerThenTheLeaderTellsOfIt) {
  NumbersView numbers = some_numbers();
  numbers.node.role = raft::Role::leader;
  numbers.node.members[1].alive = false;
  const std::string text = metrics_text(numbers, {}, std::nullopt);
  EXPECT_THAT(text, HasSubstr("gantry_controller_member_alive{member=\"n1\"} 0\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("gantry_controller_member_lag_entries")));
  numbers.node.role = raft::Role::follower;
  EXPECT_THAT(metrics_text(numbers, {}, std::nullopt), testing::Not(HasSubstr("gantry_controller_member_alive")))
      << "what it heard of the leader is for the page alone";
}

// As promtool and Prometheus' own parser want it: HELP and TYPE before the samples of a family, a family in one piece,
// no series twice, buckets that only grow.
TEST(MetricsText, GivenAnyNumbersThenTheTextIsValid) {
  NumbersView numbers = some_numbers();
  for (auto& kind : numbers.requests) kind.ended[1] = 1, kind.latency.record(5'000);
  auto sets = some_sets();
  sets[0].set.broker_name = "quote\" back\\slash\nline \xff";
  std::istringstream in(metrics_text(numbers, sets, std::nullopt));
  const std::regex sample(R"re(([a-z_]+)(\{(([a-zA-Z_]+="([^"\\]|\\["\\n])*",?)+)\})? (-?[0-9.e+-]+|\+Inf))re");
  std::set<std::string> families, series;
  std::string family;
  double below = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# HELP ")) continue;
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families.insert(family).second) << line;
      continue;
    }
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
    EXPECT_TRUE(match[1].str().starts_with(family)) << line;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
    if (!line.starts_with(family + "_bucket")) continue;
    const double value = std::stod(match[6]);
    EXPECT_TRUE(value >= below || line.find("le=\"1\"") != std::string::npos ||
                line.find("le=\"1e-06\"") != std::string::npos)
        << line;
    below = value;
  }
  EXPECT_GT(series.size(), 50u);
  EXPECT_FALSE(families.contains("dledger_disk_usage_bytes")) << "unknown is not zero";
}

TEST(RequestsCounted, GivenAnswersThenTheyAreDecidedNotDecidedOrUnknown) {
  using Ending = RequestMeter::Ending;
  namespace rc = wire::response_code;
  EXPECT_EQ(RequestMeter::ending_of(rc::kSuccess), Ending::success);
  EXPECT_EQ(RequestMeter::ending_of(rc::kControllerMasterStillExist), Ending::success) << "decided";
  EXPECT_EQ(RequestMeter::ending_of(rc::kControllerNotLeader), Ending::failed);
  EXPECT_EQ(RequestMeter::ending_of(rc::kSystemError), Ending::failed);
  EXPECT_EQ(RequestMeter::ending_of(rc::kControllerJraftInternalError), Ending::timeout);
}

TEST(RequestsCounted, GivenOneThatIsNeverAnsweredAndAOneWayOneThenBothAreCountedOnce) {
  RequestMeter meter(2);
  {
    remoting::Request forgotten{{}, nullptr, remoting::Reply(wire::Command{}, [](wire::Command) {})};
    meter.begin(forgotten, 0, true);
    remoting::Request moved = std::move(forgotten);
  }
  wire::Command oneway;
  oneway.flag |= wire::Command::kOnewayFlag;
  remoting::Request heartbeat{oneway, nullptr, remoting::Reply(oneway, [](wire::Command) { FAIL(); })};
  meter.begin(heartbeat, 1, false);
  heartbeat.reply.send(0);
  EXPECT_THAT(meter.kinds()[0].ended, ElementsAre(0, 1, 0));
  EXPECT_FALSE(meter.kinds()[0].latency.empty());
  EXPECT_THAT(meter.kinds()[1].ended, ElementsAre(1, 0, 0));
  EXPECT_TRUE(meter.kinds()[1].latency.empty());
}

struct NoListener final : LogListener {
  void on_proposed(Token, const Result<raft::Proposal>&) override { ++calls; }
  void on_read(Token, const Result<raft::Index>&) override { ++calls; }
  void on_restore(raft::Index, const std::string&) override { ++calls; }
  void on_committed(std::vector<raft::Output::Committed> entries) override {
    calls += static_cast<int>(entries.size());
  }
  void on_leadership(const raft::Output::Leadership&) override { ++calls; }
  void on_members(const raft::Members&) override { ++calls; }
  void on_snapshot_wanted() override { ++calls; }
  void on_entry_version(std::uint32_t version) override { entry_version = version; }
  void on_failed(const Error&) override { ++calls; }
  int calls = 0;
  std::uint32_t entry_version = 0;
};

TEST(EntriesMeasured, GivenWhatTheLogTellsThenAllOfItIsHandedOn) {
  NoListener listener;
  LogMeter meter(listener, [] { return std::int64_t{0}; });
  meter.on_proposed(1, raft::Proposal{1, 1});
  meter.on_read(1, raft::Index{1});
  meter.on_restore(1, "");
  meter.on_committed({{1, 1, "x"}});
  meter.on_leadership({});
  meter.on_members({});
  meter.on_snapshot_wanted();
  meter.on_failed({Errc::unavailable, "x"});
  EXPECT_EQ(listener.calls, 8);
  meter.on_entry_version(7);
  EXPECT_EQ(listener.entry_version, 7u);
}

TEST(EntriesMeasured, GivenTheirFatesThenEachIsCountedOnceAndAllIsHandedOn) {
  NoListener listener;
  std::int64_t now_us = 1'000;
  LogMeter meter(listener, [&] { return now_us; });
  for (Token token = 1; token <= 5; ++token) meter.propose(token, 10);
  meter.on_proposed(1, raft::Proposal{7, 2});
  meter.on_proposed(2, raft::Proposal{8, 2});
  meter.on_proposed(3, fail(Errc::unavailable, "not the leader"));
  meter.on_proposed(4, raft::Proposal{9, 2});  // and 5 is never heard of again
  now_us += 250;
  meter.on_committed({{7, 2, "x"}, {8, 3, ""}});  // another leader's entry at 8
  now_us += LogMeter::kUnknownAfterUs + 1;
  const auto& numbers = meter.numbers();
  EXPECT_EQ(numbers.committed, 1u);
  EXPECT_EQ(numbers.commit_latency.sum_us(), 250u);
  EXPECT_EQ(numbers.refused, 2u);
  EXPECT_EQ(numbers.unknown, 2u);
  EXPECT_EQ(numbers.entry_bytes, 50u);
  EXPECT_EQ(listener.calls, 4 + 2);
  meter.on_committed({{9, 2, "x"}});
  EXPECT_EQ(meter.numbers().committed, 1u) << "counted as unknown already";
}

std::vector<std::string> names(const json::object& answer) {
  std::vector<std::string> all;
  for (const json::value& row : answer.at("sets").as_array()) all.emplace_back(row.at("set").as_string());
  return all;
}

TEST(SetsForThePage, GivenFilterSearchAndWindowThenThoseRowsAndHowManyThereAre) {
  const auto sets = some_sets();
  struct Case {
    Parameters parameters;
    std::vector<std::string> rows;
    std::int64_t matching;
  };
  for (const Case& c :
       {Case{{}, {"broker-a", "broker-b", "broker-c", "broker-d"}, 4}, Case{{{"search", "KER-B"}}, {"broker-b"}, 1},
        Case{{{"search", "shop"}, {"limit", "1"}, {"offset", "2"}}, {"broker-c"}, 4},
        Case{{{"search", "10.1.0.2"}}, {"broker-a", "broker-b", "broker-c", "broker-d"}, 4},
        Case{{{"search", "nothing"}}, {}, 0}, Case{{{"state", "no_master"}}, {"broker-c"}, 1},
        Case{{{"sort", "state"}}, {"broker-c", "broker-b", "broker-d", "broker-a"}, 4},
        Case{{{"offset", "4"}}, {}, 4}}) {
    const auto query = parse_set_query(c.parameters);
    ASSERT_TRUE(query) << query.error().message;
    const json::object answer = sets_json(sets, *query);
    EXPECT_EQ(names(answer), c.rows);
    EXPECT_EQ(answer.at("matching").to_number<std::int64_t>(), c.matching);
    EXPECT_EQ(answer.at("total").to_number<std::int64_t>(), 4);
  }
}

TEST(SetsForThePage, GivenBadParametersThenWhatWasExpected) {
  for (const auto& [name, value, message] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"limit", "501", "limit: expected 0 to 500, got 501"},
           {"offset", "-1", "offset: expected"},
           {"state", "bad", "state: expected one of healthy, degraded, no_master, new, got bad"},
           {"sort", "x", "sort: expected one of"},
           {"page", "1", "page: expected search, state, sort, offset or limit"},
           {"search", std::string(257, 'x'), "search: 257 bytes are too many"}}) {
    const auto query = parse_set_query({{name, value}});
    ASSERT_FALSE(query) << name;
    EXPECT_THAT(query.error().message, HasSubstr(message));
  }
  EXPECT_FALSE(parse_election_query({{"limit", "9999"}}));
}

TEST(SetsForThePage, GivenElectionsThenTheNewestOfAllSetsComeFirst) {
  auto sets = some_sets();
  const auto record = [](std::int32_t epoch, std::int64_t at) {
    replication::ElectionRecord one;
    one.master_epoch = epoch;
    one.new_master = 1;
    one.reason = ElectionReason::silent;
    one.proposed_at_ms = at;
    return one;
  };
  sets[0].set.elections = {record(1, 100), record(2, 400)};
  sets[1].set.elections = {record(1, 300)};
  const json::object answer = elections_json(sets, *parse_election_query({{"limit", "2"}}));
  const json::array& rows = answer.at("elections").as_array();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("set"), "broker-a");
  EXPECT_EQ(rows[0].at("line"), "master 1 (epoch 2): the heartbeats of the master stopped");
  EXPECT_EQ(rows[1].at("set"), "broker-b");
  const auto one = set_json(sets, "broker-a");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->at("elections").as_array()[0].at("epoch").to_number<int>(), 2);
  EXPECT_EQ(set_json(sets, "broker-z").error().code, Errc::not_found);
}

TEST(NodeForThePage, GivenNoGroupYetThenRoleAndTermAreUnknown) {
  NodeView node = healthy_node();
  node.member = false;
  node.leader.reset();
  node.waits_for = "waits";
  const json::object answer = node_json(node, some_sets(), 5);
  EXPECT_TRUE(answer.at("role").is_null());
  EXPECT_TRUE(answer.at("term").is_null());
  EXPECT_TRUE(answer.at("leader").is_null());
  EXPECT_EQ(answer.at("why"), "waits");
  EXPECT_EQ(answer.at("sets").at("no_master").to_number<int>(), 1);
}

}  // namespace
}  // namespace gantry::controller
