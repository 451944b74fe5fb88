// The exporter against servers that the test controls: what it exposes, what it leaves out, and what it asks.
#include "exporter/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "exporter/metrics_route.h"
#include "http/client.h"
#include "lag/rocketmq_lag.h"
#include "unit/rocketmq/fake_cluster.h"
#include "wire/pop_receipt.h"

namespace gantry::exporter {
namespace {

using namespace rocketmq::fake;
using testing::HasSubstr;
using testing::Not;

class ExporterTest : public testing::Test {
 protected:
  void SetUp() override {
    a = &servers.add_broker("broker-a");
    b = &servers.add_broker("broker-b");
    servers.add_topic("t", 2);
    cluster = servers.connect();
    config.interval = 100ms;
    for (Broker* broker : {a, b}) {
      for (int queue = 0; queue < 2; ++queue) {
        for (int i = 0; i < 5; ++i) broker->store("t", queue, "x");
        broker->offsets[{"g", "t", queue}] = 3;
      }
      broker->delay_ms = 700;
    }
  }
  void TearDown() override {
    if (exporter) exporter->stop();
    cluster->stop();
  }

  // The text after one more whole cycle.
  std::string text() {
    if (!exporter) exporter = std::move(*Exporter::start(io, cluster, config));
    const std::uint64_t before = exporter->cycles();
    // one may be under way that began before what the test did
    EXPECT_TRUE(run_until(io, [&] { return exporter->cycles() >= before + 2; }));
    return exporter->text();
  }

  // The value behind the sample as it stands in the text; nullopt: there is none.
  static std::optional<double> value(const std::string& text, const std::string& sample) {
    const std::size_t at = text.find("\n" + sample + " ");
    if (at == std::string::npos) return std::nullopt;
    return std::stod(text.substr(at + sample.size() + 2));
  }
  static std::string pair(const std::string& name, const std::string& topic = "t", const std::string& group = "g") {
    return "gantry_rocketmq_group_" + name + R"({cluster="DefaultCluster",topic=")" + topic + R"(",group=")" + group +
           R"("})";
  }
  static std::string of_group(const std::string& name, const std::string& group = "g") {
    return "gantry_rocketmq_group_" + name + R"({cluster="DefaultCluster",group=")" + group + R"("})";
  }

  asio::io_context io{1};
  Servers servers{io};
  Broker* a = nullptr;
  Broker* b = nullptr;
  std::shared_ptr<rocketmq::Cluster> cluster;
  Config config;
  std::unique_ptr<Exporter> exporter;
};

TEST_F(ExporterTest, GivenMillisecondsThenSecondsHaveNoDigitsBeyondThem) {
  b->delay_ms = 113'359;
  EXPECT_THAT(text(), HasSubstr(pair("lag_seconds") + " 113.359\n"));
}

TEST_F(ExporterTest, GivenTwoBrokersThenAPairIsSummedUpInBothFamilies) {
  b->delay_ms = 900;
  const std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), 8);
  EXPECT_EQ(value(all, pair("lag_seconds")), 0.9);
  EXPECT_EQ(value(all, pair("in_flight_messages")), 0);
  EXPECT_EQ(value(all, pair("ready_messages")), 8);
  EXPECT_EQ(value(all, of_group("retry_messages")), 0);
  EXPECT_EQ(value(all, of_group("dead_letter_messages")), 0);
  EXPECT_EQ(value(all, of_group("consumers")), 0);
  EXPECT_EQ(value(all, R"(rocketmq_group_diff{group="g",topic="t",countOfOnlineConsumers="0",msgModel="1"})"), 8);
  EXPECT_EQ(value(all, R"(rocketmq_producer_offset{cluster="DefaultCluster",broker="broker-a",topic="t"})"), 10);
  EXPECT_EQ(value(all, R"(rocketmq_consumer_offset{cluster="DefaultCluster",broker="broker-b",topic="t",group="g"})"),
            6);
  EXPECT_EQ(
      value(
          all,
          R"(rocketmq_group_get_latency_by_storetime{cluster="DefaultCluster",broker="broker-b",topic="t",group="g"})"),
      900);
  EXPECT_EQ(value(all, R"(gantry_rocketmq_broker_up{cluster="DefaultCluster",broker="broker-a"})"), 1);
  EXPECT_EQ(value(all, "gantry_exporter_up"), 1);
  EXPECT_EQ(value(all, "gantry_exporter_pairs"), 1);
}

TEST_F(ExporterTest, GivenAnyStateThenTheNumbersAreThoseOfTheReaderOfLag) {
  servers.add_topic("%RETRY%g", 1);
  servers.add_topic("%DLQ%g", 1);
  servers.add_topic("u", 3);
  for (int i = 0; i < 7; ++i) a->store("%RETRY%g", 0, "x");
  a->offsets[{"g", "%RETRY%g", 0}] = 3;
  for (int i = 0; i < 2; ++i) b->store("%DLQ%g", 0, "x");
  for (int i = 0; i < 4; ++i) b->store("u", 1, "x");
  a->offsets[{"g", "u", 0}] = 0;
  a->min_offsets[{"t", 0}] = 4;
  b->offsets.erase({"g", "t", 1});
  const std::string all = text();
  lag::RocketmqLag source(cluster);
  for (const std::string topic : {"t", "u"}) {
    auto reading = await(io, source.read({topic, "g", lag::OffsetResetPolicy::earliest}));
    ASSERT_TRUE(reading);
    const auto as_double = [](std::optional<std::int64_t> v) { return v ? std::optional<double>(*v) : std::nullopt; };
    EXPECT_EQ(value(all, pair("lag_messages", topic)), as_double(reading->lag)) << topic;
    EXPECT_EQ(value(all, pair("in_flight_messages", topic)), as_double(reading->in_flight)) << topic;
    EXPECT_EQ(value(all, pair("ready_messages", topic)), as_double(reading->ready)) << topic;
    EXPECT_EQ(value(all, pair("lag_seconds", topic)).has_value(), reading->oldest_age_ms.has_value()) << topic;
    EXPECT_EQ(value(all, of_group("retry_messages")), as_double(reading->retry));
    EXPECT_EQ(value(all, of_group("dead_letter_messages")), as_double(reading->dead_letter));
  }
  EXPECT_EQ(value(all, of_group("retry_messages")), 4);
  EXPECT_EQ(value(all, of_group("dead_letter_messages")), 2);
}

TEST_F(ExporterTest, GivenPairsThatDoNotLagThenNobodyIsAskedForTheirAge) {
  for (Broker* broker : {a, b}) {
    for (int queue = 0; queue < 2; ++queue) broker->offsets[{"g", "t", queue}] = 5;
  }
  const std::string all = text();
  EXPECT_EQ(value(all, pair("lag_seconds")), 0);
  EXPECT_EQ(a->calls[code::kQueryConsumeTimeSpan], 0);
  EXPECT_EQ(a->calls[code::kQueryConsumerOffset], 0);
}

TEST_F(ExporterTest, GivenABrokerThatStopsThenWhatItHeldIsAbsentAndTheErrorIsCounted) {
  EXPECT_TRUE(value(text(), pair("lag_messages")));
  b->server.stop();
  const std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), std::nullopt);
  EXPECT_EQ(value(all, of_group("retry_messages")), std::nullopt);
  EXPECT_EQ(value(all, of_group("consumers")), std::nullopt);
  EXPECT_EQ(value(all, R"(gantry_rocketmq_broker_up{cluster="DefaultCluster",broker="broker-b"})"), 0);
  // the one that answers still says what it knows
  EXPECT_EQ(value(all, R"(rocketmq_producer_offset{cluster="DefaultCluster",broker="broker-a",topic="t"})"), 10);
  EXPECT_EQ(value(all, R"(rocketmq_producer_offset{cluster="DefaultCluster",broker="broker-b",topic="t"})"),
            std::nullopt);
  EXPECT_THAT(all, HasSubstr("gantry_exporter_errors_total{request="));
}

TEST_F(ExporterTest, GivenABrokerThatLeftTheClusterThenItsTopicsAreUnknownAndNotSmaller) {
  EXPECT_EQ(value(text(), pair("lag_messages")), 8);
  servers.brokers.pop_back();
  const std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), std::nullopt);
  EXPECT_EQ(value(all, R"(gantry_rocketmq_broker_up{cluster="DefaultCluster",broker="broker-b"})"), std::nullopt);
}

TEST_F(ExporterTest, GivenNoNameServerThenOnlyTheExporterSpeaks) {
  EXPECT_TRUE(value(text(), pair("lag_messages")));
  servers.server.stop();
  const std::string all = text();
  EXPECT_EQ(value("\n" + all, "gantry_exporter_up"), 0);
  EXPECT_THAT(all, Not(HasSubstr("rocketmq_group_diff")));
  EXPECT_THAT(all, Not(HasSubstr("gantry_rocketmq_")));
  EXPECT_THAT(all, HasSubstr(R"(gantry_exporter_errors_total{request="cluster_info"})"));
  EXPECT_TRUE(value(all, "gantry_exporter_last_cycle_timestamp_seconds"));
}

TEST_F(ExporterTest, GivenARefusedRequestThenItsSeriesAloneAreAbsent) {
  for (int i = 0; i < 10; ++i) a->refuse(code::kQueryConsumeTimeSpan, rc::kSystemError);
  std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), 8);
  EXPECT_EQ(value(all, pair("lag_seconds")), std::nullopt);
  EXPECT_TRUE(value(all, R"(gantry_exporter_errors_total{request="delays"})"));
  a->refusals.clear();
  for (int i = 0; i < 10; ++i) b->refuse(code::kGetTopicStatsInfo, rc::kSystemError);
  all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), std::nullopt);
  EXPECT_EQ(value(all, R"(gantry_rocketmq_broker_up{cluster="DefaultCluster",broker="broker-b"})"), 1);
}

TEST_F(ExporterTest, GivenATopicOrGroupThatIsDeletedThenItsSeriesGo) {
  EXPECT_TRUE(value(text(), pair("lag_messages")));
  a->offsets.clear();
  b->offsets.clear();
  std::string all = text();
  EXPECT_THAT(all, Not(HasSubstr("group=\"g\"")));
  EXPECT_EQ(value(all, R"(rocketmq_producer_offset{cluster="DefaultCluster",broker="broker-a",topic="t"})"), 10);
  for (Broker* broker : {a, b}) {
    broker->topics.clear();
    broker->queues.clear();
  }
  all = text();
  EXPECT_THAT(all, Not(HasSubstr("topic=\"t\"")));
}

TEST_F(ExporterTest, GivenOffsetsOfATopicThatIsGoneThenTheyMakeNoPair) {
  a->offsets[{"g", "gone", 0}] = 3;
  EXPECT_THAT(text(), Not(HasSubstr("topic=\"gone\"")));
}

TEST_F(ExporterTest, GivenMorePairsThanTheLimitThenTheRestIsCountedAsDropped) {
  config.pairs_max = 2;
  for (int i = 0; i < 5; ++i) a->offsets[{"g" + std::to_string(i), "t", 0}] = 1;
  const std::string all = text();
  EXPECT_EQ(value(all, "gantry_exporter_pairs"), 2);
  EXPECT_EQ(value(all, R"(gantry_exporter_dropped{limit="pairs"})"), 4);
  EXPECT_TRUE(value(all, pair("lag_messages", "t", "g")));
  EXPECT_FALSE(value(all, pair("lag_messages", "t", "g4")));
}

TEST_F(ExporterTest, GivenNamesThatNoBrokerTakesThenTheyAreLeftOut) {
  a->offsets[{"g\"\n}", "t", 0}] = 1;
  a->offsets[{std::string(300, 'x'), "t", 0}] = 1;
  const std::string all = text();
  EXPECT_EQ(value(all, R"(gantry_exporter_dropped{limit="names"})"), 2);
  EXPECT_THAT(all, Not(HasSubstr("xxx")));
}

TEST_F(ExporterTest, GivenAGroupThatNeverCommittedThenAllIsLagAndItsAgeIsUnknown) {
  // known by its subscription alone
  for (Broker* broker : {a, b}) {
    broker->members["new"]["client"] = nullptr;
    broker->on(code::kGetConsumerConnectionList, [](remoting::Request& request) {
      wire::ConsumerConnection body;
      body.connection_set.push_back({"127.0.0.1:5", "client", "JAVA", 479});
      body.subscription_table["t"].topic = "t";
      Broker::answer_body(request, wire::encode_body(body));
    });
  }
  const std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages", "t", "new")), 20);
  EXPECT_EQ(value(all, pair("lag_seconds", "t", "new")), std::nullopt);
  EXPECT_EQ(value(all, of_group("consumers", "new")), 1);
  EXPECT_EQ(value(all, R"(rocketmq_group_count{caddr="127.0.0.1:5",localaddr="client",group="new"})"), 1);
}

TEST_F(ExporterTest, GivenAConsumerThatEveryBrokerKnowsThenItIsAskedForDetailsOnce) {
  int asked = 0;
  for (Broker* broker : {a, b}) {
    broker->members["g"]["client"] = nullptr;
    broker->on(code::kGetConsumerRunningInfo, [&](remoting::Request& request) {
      ++asked;
      wire::ConsumerRunningInfo body;
      body.status_table["t"].consume_rt_ms = 1.5;
      Broker::answer_body(request, wire::encode_body(body));
    });
  }
  config.interval = std::chrono::hours(1);
  exporter = std::move(*Exporter::start(io, cluster, config));
  ASSERT_TRUE(run_until(io, [&] { return exporter->cycles() == 1; }));
  const std::string all = exporter->text();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(value(all, of_group("consumers")), 1);
  EXPECT_EQ(value(all, R"(rocketmq_client_consume_rt{clientAddr="",clientId="client",group="g",topic="t"})"), 1.5);
  EXPECT_EQ(
      value(
          all,
          R"(gantry_rocketmq_client_consume_seconds{cluster="DefaultCluster",group="g",topic="t",client_id="client"})"),
      0.0015);
}

TEST_F(ExporterTest, GivenMoreConsumersThanTheLimitThenTheRestIsCountedAsDropped) {
  config.clients_max = 2;
  for (int i = 0; i < 5; ++i) a->members["g"]["client" + std::to_string(i)] = nullptr;
  const std::string all = text();
  EXPECT_EQ(value(all, R"(gantry_exporter_dropped{limit="clients"})"), 3);
  EXPECT_EQ(value(all, of_group("consumers")), 5);
}

TEST_F(ExporterTest, GivenAGroupThatPopsThenInFlightIsSaidOrUnknown) {
  const std::string retries = wire::pop_retry_topic_v1("t", "g");
  servers.add_topic(retries, 1);
  a->offsets[{"g", retries, 0}] = 0;
  std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), 8);
  EXPECT_EQ(value(all, pair("in_flight_messages")), std::nullopt);
  for (Broker* broker : {a, b}) {
    broker->edit_consume_stats = [](wire::ConsumeStats& stats) {
      for (auto& [queue, offset] : stats.offset_table) {
        offset.pop_in_flight = 1;
        offset.pop_ready = 1;
      }
    };
  }
  all = text();
  EXPECT_EQ(value(all, pair("in_flight_messages")), 4);
  EXPECT_EQ(value(all, pair("ready_messages")), 4);
}

TEST_F(ExporterTest, GivenTheRetryTopicOfAGroupWithALongerNameThenItsMessagesAreNotOurs) {
  servers.add_topic("%RETRY%g_t", 1);
  a->store("%RETRY%g_t", 0, "again");
  a->offsets[{"g_t", "%RETRY%g_t", 0}] = 0;
  std::string all = text();
  EXPECT_EQ(value(all, of_group("retry_messages")), 0);
  EXPECT_EQ(value(all, of_group("retry_messages", "g_t")), 1);
  EXPECT_EQ(value(all, pair("in_flight_messages")), 0) << "it does not show that g pops";
  a->offsets[{"g", "%RETRY%g_t", 0}] = 0;
  EXPECT_EQ(value(text(), of_group("retry_messages")), 1);
}

TEST_F(ExporterTest, GivenMessagesThatWaitForARetryOfPopThenBothFamiliesTellThem) {
  servers.add_topic("%RETRY%g_t", 1);
  for (int i = 0; i < 2; ++i) a->store("%RETRY%g_t", 0, "again");
  a->offsets[{"g", "%RETRY%g_t", 0}] = 0;
  const std::string all = text();
  const auto diff = [&](const std::string& topic) {
    return value(
        all, R"(rocketmq_group_retrydiff{group="g",topic=")" + topic + R"(",countOfOnlineConsumers="0",msgModel="1"})");
  };
  EXPECT_EQ(value(all, of_group("retry_messages")), 2);
  EXPECT_EQ(diff("%RETRY%g_t"), 2);
  EXPECT_EQ(diff("%RETRY%g"), 0);
}

TEST_F(ExporterTest, GivenTopicsNamedAfterBrokersAndTheirClusterThenTheyHaveNoSeries) {
  for (const char* topic : {"broker-a", "DefaultCluster", "DefaultCluster_REPLY_TOPIC", "orders"})
    servers.add_topic(topic, 1);
  a->offsets[{"g", "DefaultCluster", 0}] = 0;
  const std::string all = text();
  EXPECT_THAT(all, HasSubstr(R"(topic="orders")"));
  for (const char* topic : {"broker-a", "DefaultCluster", "DefaultCluster_REPLY_TOPIC"})
    EXPECT_THAT(all, Not(HasSubstr(R"(topic=")" + std::string(topic) + R"(")")));
}

TEST_F(ExporterTest, GivenCyclesThatFailThenTheirBeginAndEndAreLoggedOnce) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  const auto times = [&](const std::string& line) {
    int count = 0;
    const std::string all = log.str();
    for (auto at = all.find(line); at != std::string::npos; at = all.find(line, at + 1)) ++count;
    return count;
  };
  (void)text();
  EXPECT_EQ(times("exporter: "), 0);
  for (int i = 0; i < 100; ++i) a->refuse(code::kGetAllTopicConfig, rc::kSystemError);
  (void)text();
  (void)text();
  EXPECT_EQ(times("exporter: broker broker-a cannot be read, the series of what it holds are absent: "), 1);
  EXPECT_EQ(times("exporter: "), 1);
  a->refusals.clear();
  (void)text();
  EXPECT_EQ(times("exporter: every broker is read again"), 1);
  servers.server.stop();
  (void)text();
  (void)text();
  EXPECT_EQ(times("exporter: the cluster cannot be read, its series are absent: "), 1);
  EXPECT_EQ(times("Is --namesrv right"), 1);
  EXPECT_EQ(times("exporter: "), 3);
  spdlog::set_default_logger(before);
}

TEST_F(ExporterTest, GivenAnswersThatContradictEachOtherThenThePairIsReadAgain) {
  int answers = 0;
  a->delay_ms = 0;  // 303 says that nothing waits while 208 says that 4 do
  a->edit_consume_stats = [&](wire::ConsumeStats& stats) {
    if (++answers % 2 == 1) return;
    for (auto& [queue, offset] : stats.offset_table) offset.consumer_offset = offset.broker_offset;
  };
  const std::string all = text();
  EXPECT_EQ(value(all, pair("lag_messages")), 4);  // those of broker-b
}

TEST_F(ExporterTest, GivenAGroupBeyondTheEndOfAReplacedLogThenItsLagIsAbsent) {
  a->offsets[{"g", "t", 1}] = 1'000;
  EXPECT_EQ(value(text(), pair("lag_messages")), std::nullopt);
  a->offsets[{"g", "t", 1}] = 3;
  EXPECT_EQ(value(text(), pair("lag_messages")), 8);
}

TEST_F(ExporterTest, GivenRatesThenTheyComeWithTheSecondCycle) {
  std::string all = text();
  for (int i = 0; i < 1'000; ++i) a->store("t", 0, "x");
  all = text();
  const auto rate = value(all, R"(rocketmq_producer_tps{cluster="DefaultCluster",broker="broker-a",topic="t"})");
  ASSERT_TRUE(rate);
  EXPECT_GT(*rate, 0);
  EXPECT_EQ(value(all, R"(rocketmq_producer_tps{cluster="DefaultCluster",broker="broker-b",topic="t"})"), 0);
}

TEST_F(ExporterTest, GivenRuntimeInformationThenItsNumbersAreExposed) {
  a->runtime = {{"putTps", "1.5 2.5 3.5"},
                {"getTransferredTps", "4.0 5.0 6.0"},
                {"bootTimestamp", "1700000000000"},
                {"brokerVersion", "479"},
                {"commitLogDirCapacity", "Total : 2.0 GiB, Free : 1.0 GiB."}};
  const std::string all = text();
  EXPECT_EQ(value(all, R"(rocketmq_broker_tps{cluster="DefaultCluster",brokerIP=")" + a->address() +
                           R"(",broker="broker-a"})"),
            2.5);
  EXPECT_EQ(value(all, R"(rocketmq_brokeruntime_put_tps600{cluster="DefaultCluster",brokerIP=")" + a->address() +
                           R"(",brokerHost="",des="V5_3_3",boottime="1700000000000",broker_version="479"})"),
            3.5);
  EXPECT_EQ(value(all, R"(gantry_rocketmq_broker_boot_timestamp_seconds{cluster="DefaultCluster",broker="broker-a"})"),
            1.7e9);
  EXPECT_EQ(
      value(all, R"(gantry_rocketmq_broker_commit_log_disk_free_bytes{cluster="DefaultCluster",broker="broker-a"})"),
      1024.0 * 1024 * 1024);
  EXPECT_EQ(value(all, R"(gantry_rocketmq_broker_boot_timestamp_seconds{cluster="DefaultCluster",broker="broker-b"})"),
            std::nullopt);
}

TEST_F(ExporterTest, GivenMessageSizesThenTheyAreAskedAndARefusalIsNoError) {
  config.message_sizes = true;
  a->on(code::kViewBrokerStatsData, [](remoting::Request& request) {
    const auto header = Broker::header_of<wire::ViewBrokerStatsDataRequestHeader>(request);
    if (header.stats_name == "SNDBCK_PUT_NUMS") return request.reply.send(rc::kSystemError, "not exist");
    wire::BrokerStatsData body;
    body.stats_minute.tps = header.stats_key == "t@g" ? 20.5 : 10.5;
    Broker::answer_body(request, wire::encode_body(body));
  });
  const std::string all = text();
  EXPECT_EQ(value(all, R"(rocketmq_producer_message_size{cluster="DefaultCluster",broker="broker-a",topic="t"})"),
            10.5);
  EXPECT_EQ(
      value(all, R"(rocketmq_consumer_message_size{cluster="DefaultCluster",broker="broker-a",topic="t",group="g"})"),
      20.5);
  EXPECT_THAT(all, Not(HasSubstr("rocketmq_send_back_nums")));
  EXPECT_THAT(all, Not(HasSubstr("gantry_exporter_errors_total{")));
}

TEST_F(ExporterTest, GivenOneFamilyOfNamesThenTheOtherIsNotWritten) {
  config.well_known_names = false;
  EXPECT_THAT(text(), Not(HasSubstr("\nrocketmq_")));
}

TEST_F(ExporterTest, GivenAScrapeThenTheTextOfTheLastCycleAndNothingIsAsked) {
  config.interval = std::chrono::hours(1);
  exporter = std::move(*Exporter::start(io, cluster, config));
  ASSERT_TRUE(run_until(io, [&] { return exporter->cycles() == 1; }));
  const int before = a->calls[code::kGetAllTopicConfig];
  http::Server server(io, {});
  serve_metrics(server, *exporter);
  ASSERT_TRUE(server.start());
  for (int i = 0; i < 3; ++i) {
    std::string body = exporter->text();
    EXPECT_THAT(body, HasSubstr(pair("lag_messages")));
  }
  EXPECT_EQ(a->calls[code::kGetAllTopicConfig], before);
  server.stop();
}

TEST_F(ExporterTest, GivenNoCycleYetThenTheTextSaysSoAndNothingElse) {
  exporter = std::move(*Exporter::start(io, cluster, config));
  EXPECT_EQ(value("\n" + exporter->text(), "gantry_exporter_cycles_total"), 0);
  EXPECT_EQ(value("\n" + exporter->text(), "gantry_exporter_up"), std::nullopt);
}

TEST_F(ExporterTest, GivenALastCycleThatIsTooOldThenItsSeriesAreNotGivenAnyMore) {
  config.interval = std::chrono::hours(1);
  config.stale_after = 50ms;
  exporter = std::move(*Exporter::start(io, cluster, config));
  ASSERT_TRUE(run_until(io, [&] { return exporter->cycles() == 1; }));
  EXPECT_TRUE(run_until(io, [&] { return exporter->text().find("rocketmq_group_diff") == std::string::npos; }));
  EXPECT_THAT(exporter->text(), HasSubstr("gantry_exporter_last_cycle_timestamp_seconds"));
}

TEST_F(ExporterTest, GivenSettingsThatMakeNoSenseThenTheyAreRefused) {
  config.interval = 10ms;
  EXPECT_EQ(Exporter::start(io, cluster, config).error().code, Errc::invalid_argument);
  config.interval = 1s;
  config.requests_in_flight_max = 0;
  EXPECT_EQ(Exporter::start(io, cluster, config).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gantry::exporter
