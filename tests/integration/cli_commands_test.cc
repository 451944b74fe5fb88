// The commands as people type them, against our own broker.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "integration/gantry_process.h"

namespace gantry::integration {
namespace {

using testing::HasSubstr;

class Commands : public WithBroker {};

std::set<std::string> ids(const std::vector<json::object>& lines) {
  std::set<std::string> result;
  for (const auto& line : lines) result.insert(std::string(line.at("msg_id").as_string()));
  return result;
}

TEST_F(Commands, GivenMessagesSentThenEveryModeConsumesEachOnce) {
  ASSERT_EQ(run({"topic", "create", "--topic", "orders", "--queues", "4"}).code, 0);
  const Ended sent = run({"send", "--topic", "orders", "--count", "40", "--size", "300", "--tag", "A", "-o", "json"});
  ASSERT_EQ(sent.code, 0) << sent.err;
  ASSERT_EQ(sent.lines().size(), 40U);
  for (const char* member : {"msg_id", "key", "broker", "queue_id", "queue_offset", "status"}) {
    EXPECT_TRUE(sent.lines().front().contains(member)) << member;
  }
  for (const char* mode : {"pull", "push", "pop"}) {
    const Ended got = run({"consume", "--topic", "orders", "--group", std::string("group-") + mode, "--mode", mode,
                           "--count", "40", "-o", "json"});
    EXPECT_EQ(got.code, 0) << mode << got.err;
    EXPECT_EQ(got.lines().size(), 40U) << mode;
    EXPECT_EQ(ids(got.lines()), ids(sent.lines())) << mode;
    EXPECT_EQ(got.lines().front().at("reconsume_times"), 0);
  }
}

TEST_F(Commands, GivenAnUnknownTopicThenErrorsSayWhatToDo) {
  const Ended lag = run({"lag", "--topic", "nope", "--group", "g"});
  EXPECT_EQ(lag.code, 1);
  EXPECT_THAT(lag.err, HasSubstr("gantry topic create --topic nope"));
  const Ended consume = run({"consume", "--topic", "nope", "--group", "g"});
  EXPECT_EQ(consume.code, 1);
  EXPECT_THAT(consume.err, HasSubstr("nope"));
  const Ended group = run({"group", "describe", "--group", "nope"});
  EXPECT_EQ(group.code, 1);
  EXPECT_THAT(group.err, HasSubstr("gantry group list"));
}

TEST_F(Commands, GivenWrongUsageThenExitCode2) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"send"},
        {"nonsense"},
        {"consume", "--topic", "t", "--group", "a b"},
        {"lag", "--topic", "or/ders", "--group", "g"},
        {"up", "--duration", "0s"},
        {"consume", "--topic", "t", "--group", "g", "--cost", "5"},
        {"lag", "--topic", "t", "--group", "g", "--namesrv", "nonsense"},
        {"broker", "--listen", "nonsense"},
        {"broker", "--name", "", "--data", "/no/such"},
        {"broker", "--message-bytes-max", "0", "--data", "/no/such"},
        {"broker", "--user", "nocolon"},
        {"broker", "--frame-bytes-max", "16zz"},
        {"broker", "--connections-max", "0"},
        {"broker", "--retention", "72"},
        {"send", "--topic", "t", "--access-key", "half"},
        {"up", "--file", "/no/such/file.yaml"},
        {"bench", "broker", "--target", "nonsense"},
        {"send", "--topic", "t", "--count", "0"},
        {"send", "--topic", "t", "--count", "1k"},
        {"lag", "--topic", "t", "--group", "g", "--namesrv", "http://127.0.0.1:9876"},
        {"group", "reset", "--group", "g", "--topic", "t"},
        {"group", "reset", "--group", "g", "--topic", "t", "--to", "1767225600"},
        {"group", "reset", "--group", "g", "--topic", "t", "--to", "yesterday"}}) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << arguments[0] << ": " << ended.err;
    EXPECT_FALSE(ended.err.empty() && ended.out.empty());
    EXPECT_LT(ended.err.size(), 400U) << ended.err;
  }
}

TEST_F(Commands, GivenNoNameServerThenTheErrorNamesItAndWhatToStart) {
  const Ended ended = run({"topic", "list", "--namesrv", "127.0.0.1:1"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("cannot reach name server 127.0.0.1:1"));
  EXPECT_THAT(ended.err, HasSubstr("start one with: gantry broker"));
}

TEST_F(Commands, GivenTopicsAndGroupsThenTheyAreListedDescribedResetAndDeleted) {
  ASSERT_EQ(run({"topic", "create", "--topic", "orders", "--queues", "2", "-o", "json"}).code, 0);
  ASSERT_EQ(run({"send", "--topic", "orders", "--count", "10"}).code, 0);
  ASSERT_EQ(run({"consume", "--topic", "orders", "--group", "workers", "--count", "10", "-o", "yaml"}).code, 0);
  EXPECT_THAT(run({"topic", "list"}).out, HasSubstr("orders"));
  EXPECT_THAT(run({"topic", "list", "--all", "-o", "yaml"}).out, HasSubstr("topic: orders"));
  const Ended topic = run({"topic", "describe", "--topic", "orders", "-o", "json"});
  EXPECT_EQ(json::parse(topic.out).at("queues").as_array().size(), 2U);
  EXPECT_THAT(run({"topic", "describe", "--topic", "orders"}).out, HasSubstr("workers"));
  EXPECT_THAT(run({"group", "list"}).out, HasSubstr("workers"));
  EXPECT_THAT(run({"group", "describe", "--group", "workers"}).out, HasSubstr("orders"));
  EXPECT_EQ(json::parse(run({"group", "describe", "--group", "workers", "-o", "json"}).out).at("group"), "workers");
  EXPECT_EQ(lag("orders", "workers").at("lag"), 0);
  ASSERT_EQ(run({"group", "reset", "--group", "workers", "--topic", "orders", "--to", "earliest"}).code, 0);
  EXPECT_EQ(lag("orders", "workers").at("lag"), 10);
  const Ended skipped = run({"group", "reset", "--group", "workers", "--topic", "orders", "--to", "now", "-o", "json"});
  ASSERT_EQ(skipped.code, 0);
  const auto queues = json::parse(skipped.out).as_array();
  EXPECT_EQ(queues.at(0).at("before"), 0);
  EXPECT_EQ(queues.at(0).at("offset").as_int64() + queues.at(1).at("offset").as_int64(), 10);
  EXPECT_EQ(lag("orders", "workers").at("lag"), 0);
  EXPECT_EQ(run({"group", "delete", "--group", "workers"}).code, 0);
  EXPECT_EQ(run({"group", "delete", "--group", "workers"}).code, 1) << "there is none any more";
  EXPECT_EQ(run({"topic", "delete", "--topic", "orders"}).code, 0);
  EXPECT_EQ(run({"topic", "describe", "--topic", "orders"}).code, 1);
  EXPECT_EQ(run({"topic", "delete", "--topic", "orders"}).code, 1);
}

TEST_F(Commands, GivenATopicWithMessagesWhenItWouldLoseQueuesThenItIsRefused) {
  ASSERT_EQ(run({"topic", "create", "orders", "--queues", "4"}).code, 0);
  const Ended fewer = run({"topic", "create", "orders", "--queues", "2"});
  EXPECT_EQ(fewer.code, 1);
  EXPECT_THAT(fewer.err, testing::AllOf(HasSubstr("queues 2 to 3"), HasSubstr("--shrink")));
  const auto more = json::parse(run({"topic", "create", "orders", "--queues", "6", "-o", "json"}).out);
  EXPECT_EQ(more.at("created"), false);
  EXPECT_EQ(more.at("queues_before"), 4);
  EXPECT_EQ(run({"topic", "create", "orders", "--queues", "2", "--shrink"}).code, 0);
  const auto shrunk = json::parse(run({"topic", "describe", "orders", "-o", "json"}).out);
  EXPECT_EQ(shrunk.at("brokers").as_array().at(0).at("read_queues"), 2);
}

TEST_F(Commands, GivenAMistypedOptionThenItIsNamedAndNotWhatIsMissing) {
  const Ended ended = run({"lag", "--topik", "t", "--group", "g"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there is no option --topik"));
  EXPECT_THAT(run({"lag", "--topic", "t"}).err, HasSubstr("--group is required"));
}

TEST_F(Commands, GivenASenderWhenInterruptedThenItSaysHowManyItSent) {
  auto sender = start({"send", "--topic", "orders", "--count", "10000000"});
  ASSERT_TRUE(eventually([&] { return run({"topic", "describe", "orders"}).code == 0; }));
  sender->signal(SIGINT);
  const Ended ended = sender->wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, testing::ContainsRegex("sent [1-9][0-9]* of 10000000 messages to orders"));
  EXPECT_THAT(ended.err, testing::ContainsRegex("interrupted: [1-9][0-9]* of 10000000"));
}

TEST_F(Commands, GivenAConsumerWhenInterruptedThenItCommitsAndLeaves) {
  ASSERT_EQ(run({"topic", "create", "--topic", "orders", "--queues", "2"}).code, 0);
  ASSERT_EQ(run({"send", "--topic", "orders", "--count", "2000", "--batch", "50"}).code, 0);
  auto consumer = start({"consume", "--topic", "orders", "--group", "workers", "--cost", "5ms", "-o", "json"});
  ASSERT_TRUE(eventually([&] { return consumer->out().size() > 1000; }));
  EXPECT_EQ(lag("orders", "workers").at("consumers"), 1);
  consumer->signal(SIGTERM);
  const Ended ended = consumer->wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  const auto reading = lag("orders", "workers");
  EXPECT_EQ(reading.at("lag").as_int64() + static_cast<std::int64_t>(ended.lines().size()), 2000);
  EXPECT_EQ(reading.at("consumers"), 0);
}

TEST_F(Commands, GivenAConsumerOfSoManyWhenInterruptedThenItSaysHowManyItGot) {
  ASSERT_EQ(run({"send", "--topic", "orders", "--count", "3"}).code, 0);
  auto consumer = start({"consume", "--topic", "orders", "--group", "workers", "--count", "5", "-o", "json"});
  ASSERT_TRUE(eventually([&] { return std::ranges::count(consumer->out(), '\n') == 3; }));
  consumer->signal(SIGINT);
  const Ended ended = consumer->wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.err, "gantry: interrupted: 3 of 5\n");
}

TEST_F(Commands, GivenASecondSignalThenTheExitCodeSaysThatItWasStoppedInTheMiddle) {
  ASSERT_EQ(run({"send", "--topic", "orders", "--count", "3"}).code, 0);
  auto consumer = start({"consume", "--topic", "orders", "--group", "workers", "--cost", "20s"});
  ASSERT_TRUE(eventually([&] { return lag("orders", "workers").at("in_flight") == 3; }));
  consumer->signal(SIGTERM);
  const auto first = std::chrono::steady_clock::now();  // what follows within 100 ms is the same wish
  ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - first > std::chrono::milliseconds(150); }));
  consumer->signal(SIGTERM);
  EXPECT_EQ(consumer->wait().code, 130);
}

TEST_F(Commands, GivenNoOutputFormatThenProgressIsShown) {
  ASSERT_EQ(run({"send", "--topic", "auto", "--count", "3"}).code, 0);
  auto consumer = start({"consume", "--topic", "auto", "--group", "g"});
  ASSERT_TRUE(eventually([&] { return consumer->out().find("consumed 3 (") != std::string::npos; }));
  consumer->signal(SIGINT);
  EXPECT_THAT(consumer->wait().out, HasSubstr("consumed 3 in all"));
}

TEST_F(Commands, GivenABrokerKilledInTheMiddleWhenRestartedThenSendingGoesOnAndNothingIsLost) {
  ASSERT_EQ(run({"topic", "create", "--topic", "orders", "--queues", "4"}).code, 0);
  auto sender = start({"send", "--topic", "orders", "--count", "20000", "--in-flight", "4", "-o", "json"});
  ASSERT_TRUE(eventually([&] { return sender->out().size() > 20'000; }));
  broker->signal(SIGKILL);
  broker->wait();
  start_broker();
  const Ended sent = sender->wait(std::chrono::seconds(60));
  EXPECT_EQ(sent.code, 0) << sent.err;
  ASSERT_EQ(sent.lines().size(), 20'000U);
  const auto reading = lag("orders", "nobody");
  EXPECT_GE(reading.at("lag").as_int64(), 20'000);
}

TEST_F(Commands, GivenALimitOfMessagesWhenOneIsLargerThenItIsRefused) {
  broker->signal(SIGTERM);
  broker->wait();
  broker = std::make_unique<Running>(
      directory, std::vector<std::string>{"broker", "--namesrv-listen", name_server, "--listen", broker_address,
                                          "--data", (directory / "small").string(), "--message-bytes-max", "2kb"});
  ASSERT_TRUE(eventually([&] { return run({"topic", "list"}).code == 0; })) << broker->err();
  EXPECT_EQ(run({"send", "--topic", "t", "--count", "1", "--size", "2048"}).code, 0);
  const Ended refused = run({"send", "--topic", "t", "--count", "1", "--size", "2049"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("2048"));
}

TEST_F(Commands, GivenAccessControlThenKeysAreNeededAndNeverShown) {
  broker->signal(SIGTERM);
  broker->wait();
  broker = std::make_unique<Running>(
      directory, std::vector<std::string>{"broker", "--namesrv-listen", name_server, "--listen", broker_address,
                                          "--data", (directory / "acl").string(), "--user", "admin:hush-hush-1"});
  const std::vector<std::string> keys = {"--access-key", "admin", "--secret-key", "hush-hush-1"};
  auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), keys.begin(), keys.end());
    return run(arguments);
  };
  ASSERT_TRUE(eventually([&] { return with({"topic", "list"}).code == 0; })) << broker->err();
  EXPECT_EQ(with({"send", "--topic", "t", "--count", "3"}).code, 0);
  EXPECT_EQ(with({"consume", "--topic", "t", "--group", "g", "--count", "3", "-o", "json"}).lines().size(), 3U);
  const Ended wrong = run({"send", "--topic", "t", "--access-key", "admin", "--secret-key", "hush-hush-2"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("--secret-key"));
  EXPECT_THAT(wrong.err, testing::Not(HasSubstr("hush-hush")));
  EXPECT_EQ(run({"send", "--topic", "t"}).code, 1);
}

TEST_F(Commands, GivenDoctorThenItChecksWhatIsThere) {
  const Ended good = run({"doctor", "-o", "json"});
  EXPECT_EQ(good.code, 0) << good.out;
  const Ended bad = run({"doctor", "--namesrv", "127.0.0.1:1;" + name_server});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, HasSubstr("failed"));
  EXPECT_THAT(bad.out, HasSubstr("answers in"));
}

TEST_F(Commands, GivenTheSmallOnesThenTheyPrint) {
  EXPECT_THAT(run({"version"}).out, HasSubstr("gantry "));
  EXPECT_THAT(run({"--version"}).out, HasSubstr("gantry "));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("consume"));
  EXPECT_THAT(run({"completion", "bash"}).out, HasSubstr("complete -F _gantry gantry"));
  const Ended explain = run({"explain", "--http", "127.0.0.1:1"});
  EXPECT_EQ(explain.code, 1);
  EXPECT_THAT(explain.err, HasSubstr("gantry up"));
}

}  // namespace
}  // namespace gantry::integration
