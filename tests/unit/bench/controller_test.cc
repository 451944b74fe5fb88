// gantry bench controller against a controller that the test plays in a thread of its own: every case yields rows, the
// sets are made, kept alive and cleaned, and what a node refuses is counted by its code.
#include "bench/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "remoting/server.h"
#include "wire/bodies/controller.h"
#include "wire/codes.h"
#include "wire/headers/controller.h"

namespace gantry::bench {
namespace {

namespace code = wire::request_code;
namespace rc = wire::response_code;

// One leader and one follower, which refuses everything but metadata and heartbeats, as Java's.
class PlayedController {
 public:
  PlayedController() {
    for (remoting::Server* node : {&leader_, &follower_}) {
      node->handle(code::kControllerGetMetadataInfo, [this](remoting::Request request) {
        wire::GetMetaDataResponseHeader header;
        header.controller_leader_address = address(leader_);
        answer(request, rc::kSuccess, header);
      });
      node->handle(code::kBrokerHeartbeat, [this](remoting::Request request) {
        ++heartbeats;
        request.reply.send(rc::kSuccess);
      });
      node->handle_others([](remoting::Request request) { request.reply.send(rc::kControllerNotLeader, "no leader"); });
      EXPECT_TRUE(node->start());
    }
    serve();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~PlayedController() {
    io_.stop();
    thread_.join();
  }

  std::string endpoints() const { return address(follower_) + ";" + address(leader_); }

  // looked at when the bench has ended
  std::map<std::int32_t, int> changes;
  int heartbeats = 0;
  std::size_t sets_max = 0;
  std::size_t sets_left() const { return sets_.size(); }

 private:
  struct Set {
    std::int64_t next_id = 1;
    std::int64_t master = 0;
    std::int32_t master_epoch = 0;
    wire::SyncStateSet in_sync;
  };

  static std::string address(const remoting::Server& node) { return fmt::format("127.0.0.1:{}", node.port()); }

  template <class Header>
  static void answer(remoting::Request& request, std::int32_t response_code, const Header& header,
                     std::string body = {}) {
    wire::Command response = request.reply.response(response_code);
    wire::encode_header(header, response.fields);
    response.body = std::move(body);
    request.reply.send(std::move(response));
  }

  template <class Header>
  void on(std::int32_t request_code, void (PlayedController::*handler)(remoting::Request&, const Header&, Set&)) {
    leader_.handle(request_code, [this, request_code, handler](remoting::Request request) {
      ++changes[request_code];
      auto header = wire::decode_header<Header>(request.command.fields);
      ASSERT_TRUE(header) << header.error().message;
      (this->*handler)(request, *header, sets_[header->broker_name]);
      sets_max = std::max(sets_max, sets_.size());
    });
  }

  void serve() {
    on(code::kControllerGetNextBrokerId, &PlayedController::next_id);
    on(code::kControllerApplyBrokerId, &PlayedController::apply_id);
    on(code::kControllerRegisterBroker, &PlayedController::register_broker);
    on(code::kControllerElectMaster, &PlayedController::elect);
    on(code::kControllerGetReplicaInfo, &PlayedController::replica_info);
    on(code::kControllerAlterSyncStateSet, &PlayedController::alter);
    on(code::kCleanBrokerData, &PlayedController::clean);
  }

  void next_id(remoting::Request& request, const wire::GetNextBrokerIdRequestHeader& header, Set& set) {
    const wire::GetNextBrokerIdResponseHeader next{header.cluster_name, header.broker_name, set.next_id};
    answer(request, rc::kSuccess, next);
  }
  void apply_id(remoting::Request& request, const wire::ApplyBrokerIdRequestHeader& header, Set& set) {
    const bool free = header.applied_broker_id == set.next_id;
    if (free) ++set.next_id;
    request.reply.send(free ? rc::kSuccess : rc::kControllerBrokerIdInvalid);
  }
  void register_broker(remoting::Request& request, const wire::RegisterBrokerToControllerRequestHeader&, Set& set) {
    const wire::RegisterBrokerToControllerResponseHeader header;
    answer(request, rc::kSuccess, header, wire::encode_body(set.in_sync));
  }
  void elect(remoting::Request& request, const wire::ElectMasterRequestHeader& header, Set& set) {
    if (set.master != 0 && std::ranges::count(set.in_sync.sync_state_set, header.broker_id) == 0) {
      return request.reply.send(rc::kControllerElectMasterFailed, "not in sync");
    }
    set.master = header.broker_id;
    ++set.master_epoch;
    set.in_sync = {{set.master}, set.in_sync.sync_state_set_epoch + 1};
    const wire::ElectMasterResponseHeader elected{set.master, "127.0.0.1:1", set.master_epoch,
                                                  set.in_sync.sync_state_set_epoch};
    answer(request, rc::kSuccess, elected, wire::encode_body(wire::ElectMasterResponseBody{{}, {set.master}}));
  }
  void replica_info(remoting::Request& request, const wire::GetReplicaInfoRequestHeader&, Set& set) {
    const wire::GetReplicaInfoResponseHeader header{set.master, "127.0.0.1:1", set.master_epoch};
    answer(request, rc::kSuccess, header, wire::encode_body(set.in_sync));
  }
  void alter(remoting::Request& request, const wire::AlterSyncStateSetRequestHeader& header, Set& set) {
    auto body = wire::decode_body<wire::SyncStateSet>(request.command.body);
    ASSERT_TRUE(body);
    if (header.master_epoch != set.master_epoch || header.master_broker_id != set.master ||
        body->sync_state_set_epoch != set.in_sync.sync_state_set_epoch) {
      return request.reply.send(rc::kControllerFencedMasterEpoch, "stale");
    }
    EXPECT_NE(body->sync_state_set.size(), set.in_sync.sync_state_set.size()) << "a replica leaves or comes back";
    ++body->sync_state_set_epoch;
    set.in_sync = *body;
    const wire::AlterSyncStateSetResponseHeader altered{body->sync_state_set_epoch};
    answer(request, rc::kSuccess, altered, wire::encode_body(*body));
  }
  void clean(remoting::Request& request, const wire::CleanControllerBrokerDataRequestHeader& header, Set&) {
    sets_.erase(header.broker_name);
    request.reply.send(rc::kSuccess);
  }

  boost::asio::io_context io_{1};
  remoting::Server leader_{io_, {}};
  remoting::Server follower_{io_, {}};
  std::map<std::string, Set> sets_;
  std::thread thread_;
};

std::vector<boost::json::object> rows_of(const std::string& out) {
  std::vector<boost::json::object> rows;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) rows.push_back(boost::json::parse(line).as_object());
  return rows;
}

ControllerOptions small(const std::string& endpoints) {
  ControllerOptions options;
  options.target = "played";
  options.endpoints = endpoints;
  options.in_flight = {4};
  options.sets = 3;
  options.connections = 2;
  options.seconds = 0.05;
  options.registered_max = 50;
  options.json = true;
  return options;
}

TEST(ControllerBench, GivenEveryCaseThenEachRowIsWholeAndTheSetsAreGoneAfterwards) {
  PlayedController controller;
  ControllerOptions options = small(controller.endpoints());
  options.pids = {::getpid()};
  testing::internal::CaptureStdout();
  const int exit_code = run_controller(options);
  const auto rows = rows_of(testing::internal::GetCapturedStdout());
  EXPECT_EQ(exit_code, 0);
  ASSERT_EQ(rows.size(), kControllerCases.size());
  std::set<std::string> cases;
  for (const boost::json::object& row : rows) {
    const std::string text = boost::json::serialize(row);
    const std::string name(row.at("case").as_string());
    cases.insert(name);
    EXPECT_EQ(row.at("target"), "played");
    EXPECT_EQ(row.at("sets"), 4) << "one for each request under way";
    EXPECT_EQ(row.at("server_rss_mib").as_array().size(), 1U) << text;
    EXPECT_FALSE(row.at("client_cpu_s").is_null()) << text;
    if (name == "replica-info-followers") {
      EXPECT_EQ(row.at("ops_per_s").to_number<double>(), 0) << text;
      EXPECT_GT(row.at("errors").at("2007").to_number<int>(), 0) << text;
      EXPECT_EQ(row.at("first_error"), "code 2007: no leader");
    } else {
      EXPECT_EQ(row.at("failed"), 0) << text;
      EXPECT_GT(row.at("ops_per_s").to_number<double>(), 0) << text;
      EXPECT_GE(row.at("p99_ms").to_number<double>(), row.at("p50_ms").to_number<double>()) << text;
    }
  }
  EXPECT_EQ(cases.size(), kControllerCases.size());
  EXPECT_GT(controller.changes[code::kControllerElectMaster], 4);
  EXPECT_GT(controller.heartbeats, 4 * 2 * 2);
  EXPECT_GT(controller.sets_max, 4U);
  EXPECT_EQ(controller.sets_left(), 0U);
}

TEST(ControllerBench, GivenAnEndedBudgetOfRegistrationsThenTheWindowEndsAndTheSetsAreKeptWhenAsked) {
  PlayedController controller;
  ControllerOptions options = small(controller.endpoints());
  options.cases = {"registration"};
  options.in_flight = {2};
  options.seconds = 20;
  options.registered_max = 1'000;
  options.keep = true;
  testing::internal::CaptureStdout();
  const int exit_code = run_controller(options);
  const auto rows = rows_of(testing::internal::GetCapturedStdout());
  EXPECT_EQ(exit_code, 0);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_LT(rows[0].at("seconds").to_number<double>(), 20);
  EXPECT_GE(controller.sets_left(), 1'000U + 3) << "what warmed up besides";
}

TEST(ControllerBench, GivenAFleetThenEachBrokerSendsOnceASecondToEachNodeAndItsQuestionsAreAnswered) {
  PlayedController controller;
  ControllerOptions options = small(controller.endpoints());
  options.cases = {kPacedCase};
  options.sets = 20;
  options.replicas = 3;
  options.connections = 20;
  options.seconds = 1;
  testing::internal::CaptureStdout();
  const int exit_code = run_controller(options);
  const auto rows = rows_of(testing::internal::GetCapturedStdout());
  EXPECT_EQ(exit_code, 0);
  ASSERT_EQ(rows.size(), 1U);
  const std::string text = boost::json::serialize(rows[0]);
  EXPECT_EQ(rows[0].at("sets"), 20);
  EXPECT_EQ(rows[0].at("in_flight"), 0);
  EXPECT_EQ(rows[0].at("failed"), 0) << text;
  EXPECT_GT(rows[0].at("p50_ms").to_number<double>(), 0) << text;
  EXPECT_TRUE(rows[0].contains("behind_ms"));
  // 60 brokers, two nodes, 1.3 s with its warm-up; those of preparing besides
  EXPECT_NEAR(controller.heartbeats, 60 * 2 * 2.3, 60 * 2);
}

TEST(ControllerBench, GivenNobodyThereThenItSaysSo) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_controller(small("127.0.0.1:1")), 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("no leader found; 127.0.0.1:1"));
}

}  // namespace
}  // namespace gantry::bench
