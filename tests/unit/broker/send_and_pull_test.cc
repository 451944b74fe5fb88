#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker_fixture.h"
#include "wire/batch.h"
#include "wire/message_id.h"

namespace gantry::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Send, GivenAnUnknownTopicThenItIsMadeWithTheClientsQueues) {
  BrokerFixture f;
  const auto answer = f.try_send("orders", 0, "hello", {{"UNIQ_KEY", "U1"}});
  ASSERT_EQ(answer.code, code::kSuccess) << answer.remark;
  EXPECT_EQ(answer.fields.get("queueId"), "0");
  EXPECT_EQ(answer.fields.get("queueOffset"), "0");
  EXPECT_EQ(answer.fields.get("transactionId"), "U1");
  const auto id = wire::decode_offset_message_id(answer.fields.get("msgId"));
  ASSERT_TRUE(id);
  EXPECT_EQ(wire::to_string(id->store_host), f.broker->address());
  const auto stored = f.received(f.pull("g", "orders", 0, 0));
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0].body, "hello");
  EXPECT_EQ(stored[0].physical_offset, id->physical_offset);
  EXPECT_EQ(f.try_send("orders", 4, "x").code, code::kInvalidParameter);  // four queues: 0 to 3
  EXPECT_EQ(f.try_send("orders", -1, "x").code, code::kSuccess);
}

TEST(Send, GivenTheShortNamesOfV2ThenItIsTheSame) {
  BrokerFixture f;
  wire::SendMessageRequestHeaderV2 header;
  static_cast<wire::SendMessageRequestHeader&>(header) = f.send_header("t", 1);
  EXPECT_EQ(f.call(request::kSendMessageV2, header, "v2").code, code::kSuccess);
  EXPECT_THAT(f.bodies("t", 1), ElementsAre("v2"));
}

TEST(Send, GivenWhatMustBeRefusedThenTheCodeIsJavas) {
  BrokerFixture f({.auto_create_topics = false, .message_bytes_max = 1000});
  EXPECT_EQ(f.try_send("missing", 0, "x").code, code::kTopicNotExist);
  EXPECT_EQ(f.try_send("bad name", 0, "x").code, code::kInvalidParameter);
  EXPECT_EQ(f.try_send("SCHEDULE_TOPIC_XXXX", 0, "x").code, code::kNoPermission);
  EXPECT_EQ(f.try_send("SELF_TEST_TOPIC", 0, std::string(1001, 'x')).code, code::kMessageIllegal);
  EXPECT_EQ(f.call(request::kSendMessage, std::map<std::string, std::string>{{"topic", "x"}}).code,
            code::kInvalidParameter);
  EXPECT_EQ(f.try_send("SELF_TEST_TOPIC", 0, "x", {{"TIMER_DELIVER_MS", "soon"}}).code, code::kMessageIllegal);
  EXPECT_EQ(f.try_send("SELF_TEST_TOPIC", 0, "x", {{"TIMER_DELAY_SEC", "99999999"}}).code, code::kMessageIllegal);
}

TEST(Send, GivenABatchThenEveryMessageHasItsOwnIdAndTheBatchsProperties) {
  BrokerFixture f;
  const std::vector<wire::Message> messages = {{.topic = "t", .body = "a"}, {.topic = "t", .body = "b"}};
  auto body = wire::encode_batch(messages);
  ASSERT_TRUE(body);
  auto header = f.send_header("t", 2, {{"TAGS", "T"}});
  header.batch = true;
  const auto answer = f.call(request::kSendMessage, header, *body);
  ASSERT_EQ(answer.code, code::kSuccess) << answer.remark;
  EXPECT_EQ(answer.fields.get("msgId").size(), 65u);  // two ids and a comma
  const auto stored = f.received(f.pull("g", "t", 2, 0));
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(stored[1].body, "b");
  EXPECT_EQ(stored[1].tags, "T");
  EXPECT_EQ(f.call(request::kSendMessage, header, "garbage").code, code::kMessageIllegal);
  header.topic = "%RETRY%g";
  EXPECT_EQ(f.call(request::kSendMessage, header, *body).code, code::kMessageIllegal);
}

TEST(Pull, GivenOffsetsOutsideOfTheQueueThenTheAnswerSaysWhereToGo) {
  BrokerFixture f;
  for (int i = 0; i < 3; ++i) f.send("t", 0, "m" + std::to_string(i));
  struct Case {
    std::int64_t offset;
    std::int32_t code;
    std::string_view next;
  };
  for (const auto& c : {Case{0, code::kSuccess, "3"}, Case{2, code::kSuccess, "3"}, Case{3, code::kPullNotFound, "3"},
                        Case{4, code::kPullOffsetMoved, "3"}, Case{-1, code::kPullOffsetMoved, "0"}}) {
    const auto answer = f.pull("g", "t", 0, c.offset);
    EXPECT_EQ(answer.code, c.code) << c.offset;
    EXPECT_EQ(answer.fields.get("nextBeginOffset"), c.next) << c.offset;
    EXPECT_EQ(answer.fields.get("maxOffset"), "3");
    EXPECT_EQ(answer.fields.get("minOffset"), "0");
  }
  EXPECT_EQ(f.pull("g", "t", 1, 0).code, code::kPullNotFound);  // nothing was ever written
  EXPECT_EQ(f.pull("g", "t", 1, 5).code, code::kPullOffsetMoved);
  EXPECT_EQ(f.pull("g", "t", 9, 0).code, code::kInvalidParameter);
  EXPECT_EQ(f.pull("g", "none", 0, 0).code, code::kTopicNotExist);
  EXPECT_EQ(f.pull("bad group!", "t", 0, 0).code, code::kSubscriptionGroupNotExist);
}

TEST(Pull, GivenTagsThenOnlyTheMatchingComeAndTheOffsetMovesOn) {
  BrokerFixture f;
  for (const char* tag : {"A", "B", "C", "A"}) f.send("t", 0, tag, {{"TAGS", tag}});
  EXPECT_THAT(f.bodies("t", 0, "A"), ElementsAre("A", "A"));
  EXPECT_THAT(f.bodies("t", 0, "B || C"), ElementsAre("B", "C"));
  const auto none = f.pull("g", "t", 0, 0, "X");
  EXPECT_EQ(none.code, code::kPullRetryImmediately);
  EXPECT_EQ(none.fields.get("nextBeginOffset"), "4");
  EXPECT_EQ(f.pull("g", "t", 0, 0, "||").code, code::kSubscriptionParseFailed);
  auto header = f.pull_header("g", "t", 0, 0);
  header.expression_type = "SQL92";
  EXPECT_EQ(f.call(request::kPullMessage, header).code, code::kSystemError);
}

TEST(Pull, GivenLimitsThenAnAnswerHoldsNoMore) {
  BrokerFixture f;
  for (int i = 0; i < 40; ++i) f.send("t", 0, std::string(20'000, 'x'));
  EXPECT_LE(f.received(f.pull("g", "t", 0, 0)).size(), 13u);  // 256 KiB
  auto header = f.pull_header("g", "t", 0, 0);
  header.max_messages = 5;
  EXPECT_EQ(f.received(f.call(request::kPullMessage, header)).size(), 5u);
  header.max_messages = 32;
  header.max_message_bytes = 1;
  EXPECT_EQ(f.received(f.call(request::kPullMessage, header)).size(), 1u);  // one, whatever its size
}

TEST(Pull, GivenALongPollWhenAMessageComesThenItIsAnsweredAtOnce) {
  BrokerFixture f;
  f.send("t", 0, "first");
  auto header = f.pull_header("g", "t", 0, 1);
  header.sys_flag |= wire::pull_flag::kSuspend;
  header.suspend_timeout_ms = 20'000;
  auto waiting = f.begin(wire::make_request(request::kPullMessage, header));
  auto consumer = f.new_client();
  EXPECT_EQ(f.call(wire::make_request(request::kGetBrokerClusterInfo), consumer.get()).code, code::kSuccess);
  EXPECT_FALSE(waiting->done());
  f.send("t", 1, "another queue");
  EXPECT_FALSE(waiting->done());
  f.send("t", 0, "second");
  ASSERT_TRUE(f.run_until([&] { return waiting->done(); }, std::chrono::seconds(5)));
  EXPECT_EQ(f.received(**waiting->answer).at(0).body, "second");
}

TEST(Pull, GivenALongPollWhenOnlyOthersTagsComeThenItWaitsAndThenMovesOn) {
  BrokerFixture f;
  f.send("t", 0, "first", {{"TAGS", "A"}});
  auto header = f.pull_header("g", "t", 0, 1);
  header.sys_flag |= wire::pull_flag::kSuspend;
  header.suspend_timeout_ms = 300;
  header.subscription = "A";
  auto waiting = f.begin(wire::make_request(request::kPullMessage, header));
  f.send("t", 0, "second", {{"TAGS", "B"}});
  EXPECT_FALSE(waiting->done());
  ASSERT_TRUE(f.run_until([&] { return waiting->done(); }));
  EXPECT_EQ((*waiting->answer)->code, code::kPullRetryImmediately);
  EXPECT_EQ((*waiting->answer)->fields.get("nextBeginOffset"), "2");
}

TEST(Pull, GivenALongPollWhenItsTimeIsOverOrItsTopicDeletedThenItIsAnswered) {
  BrokerFixture f;
  f.send("t", 0, "x");
  auto header = f.pull_header("g", "t", 0, 1);
  header.sys_flag |= wire::pull_flag::kSuspend;
  header.suspend_timeout_ms = 50;
  EXPECT_EQ(f.call(request::kPullMessage, header).code, code::kPullNotFound);
  header.suspend_timeout_ms = 20'000;
  auto waiting = f.begin(wire::make_request(request::kPullMessage, header));
  EXPECT_EQ(f.call(request::kDeleteTopicInBroker, {{"topic", "t"}}).code, code::kSuccess);
  ASSERT_TRUE(f.run_until([&] { return waiting->done(); }));
  EXPECT_EQ((*waiting->answer)->code, code::kTopicNotExist);
}

TEST(Pull, GivenASubscriptionOfTheHeartbeatThenPullsNeedNotBringIt) {
  BrokerFixture f;
  f.send("t", 0, "x");
  auto header = f.pull_header("g", "t", 0, 0);
  header.sys_flag = 0;
  EXPECT_EQ(f.call(request::kPullMessage, header).code, code::kSubscriptionNotExist);
  f.heartbeat("c1", "g", "t");
  EXPECT_EQ(f.call(request::kPullMessage, header).code, code::kSuccess);
  header.sub_version = 99;
  EXPECT_EQ(f.call(request::kPullMessage, header).code, code::kSubscriptionNotLatest);
  header.topic = "TBW102";
  EXPECT_EQ(f.call(request::kPullMessage, header).code, code::kSubscriptionNotExist);
}

TEST(Pull, GivenTheCommitFlagThenTheOffsetIsStored) {
  BrokerFixture f;
  f.send("t", 0, "x");
  auto header = f.pull_header("g", "t", 0, 0);
  header.sys_flag |= wire::pull_flag::kCommitOffset;
  header.commit_offset = 1;
  f.call(request::kPullMessage, header);
  f.restart();
  const auto answer = f.call(request::kQueryConsumerOffset, {{"consumerGroup", "g"}, {"topic", "t"}, {"queueId", "0"}});
  EXPECT_EQ(answer.fields.get("offset"), "1");
}

TEST(Query, GivenMessagesThenTheyAreFoundByIdKeyAndUniqueId) {
  BrokerFixture f;
  const auto sent = f.try_send("t", 0, "one", {{"KEYS", "k1 k2"}, {"UNIQ_KEY", "U1"}});
  f.send("t", 1, "two", {{"KEYS", "k2"}, {"UNIQ_KEY", "U2"}});
  const auto id = wire::decode_offset_message_id(sent.fields.get("msgId"));
  const auto seen = f.call(request::kViewMessageById, {{"offset", std::to_string(id->physical_offset)}});
  EXPECT_EQ(f.received(seen).at(0).body, "one");
  EXPECT_EQ(f.call(request::kViewMessageById, {{"offset", "77"}}).code, code::kSystemError);
  auto by_key = [&](std::string key, std::string end = "99999999999999") {
    return f.call(request::kQueryMessage, {{"topic", "t"},
                                           {"key", std::move(key)},
                                           {"maxNum", "32"},
                                           {"beginTimestamp", "0"},
                                           {"endTimestamp", std::move(end)}});
  };
  EXPECT_EQ(f.received(by_key("k2")).size(), 2u);
  EXPECT_EQ(f.received(by_key("k1")).at(0).body, "one");
  EXPECT_EQ(f.received(by_key("U2")).at(0).body, "two");
  EXPECT_EQ(by_key("k3").code, code::kQueryNotFound);
  EXPECT_EQ(by_key("k2", "1").code, code::kQueryNotFound);
}

TEST(Broker, GivenARestartThenTopicsMessagesAndOffsetsAreThere) {
  BrokerFixture f;
  f.send("t", 0, "before");
  f.restart();
  EXPECT_THAT(f.bodies("t", 0), ElementsAre("before"));
  f.send("t", 0, "after");
  EXPECT_THAT(f.bodies("t", 0), ElementsAre("before", "after"));
}

TEST(Broker, GivenAPortInUseThenTheErrorNamesIt) {
  BrokerFixture f;
  boost::asio::io_context io;
  auto second =
      Broker::start(io, {.namesrv_port = 0, .port = f.broker->port(), .data_directory = f.directory + "/other"});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(f.broker->port())));
}

TEST(Broker, GivenADirectoryInUseOrBadSettingsThenItDoesNotStart) {
  BrokerFixture f;
  auto start = [&](Config config) {
    config.port = config.namesrv_port = 0;
    if (config.data_directory.empty()) config.data_directory = f.directory + "/other";
    auto started = Broker::start(f.io, config);
    return started ? std::string() : started.error().message;
  };
  EXPECT_THAT(start({.data_directory = f.directory}), HasSubstr("in use by another process"));
  EXPECT_THAT(start({.broker_name = "a b"}), HasSubstr("blanks"));
  EXPECT_THAT(start({.broker_name = ""}), HasSubstr("name"));
  EXPECT_THAT(start({.default_queues = 0}), HasSubstr("queues"));
  EXPECT_THAT(start({.delay_levels = "often"}), HasSubstr("often"));
  EXPECT_THAT(start({.message_bytes_max = 1u << 30}), HasSubstr("message size"));
}

TEST(Broker, GivenAHostNameOrIpv6ThenMessagesSayWhereTheyCameFromAndAreStored) {
  struct Case {
    const char* host;
    const char* advertised;
    bool v6;
  };
  for (const Case& c : {Case{"127.0.0.1", "localhost", false}, Case{"::1", "", true}}) {
    std::unique_ptr<BrokerFixture> f;
    try {
      f = std::make_unique<BrokerFixture>(
          Config{.namesrv_host = c.host, .host = c.host, .advertised_host = c.advertised});
    } catch (const std::runtime_error& error) {
      if (c.v6) GTEST_SKIP() << "no IPv6 here: " << error.what();
      throw;
    }
    f->send("t", 0, "x");
    const auto answer = f->pull("g", "t", 0, 0);
    const auto message = wire::decode_record(answer.body);
    ASSERT_TRUE(message) << c.host;
    EXPECT_EQ(message->born_host.v6, c.v6) << c.host;
    EXPECT_EQ(message->store_host.v6, c.v6) << c.host;
    EXPECT_EQ(message->store_host.port, f->broker->port()) << c.host;
    EXPECT_NE(message->born_host.port, 0) << c.host;
  }
}

TEST(Broker, GivenAllAddressesThenClientsAreToldOneThatTheyCanUse) {
  BrokerFixture f;
  auto started = Broker::start(f.io, {.namesrv_host = "0.0.0.0",
                                      .namesrv_port = 0,
                                      .host = "0.0.0.0",
                                      .port = 0,
                                      .data_directory = f.directory + "/other"});
  if (started) {
    EXPECT_THAT((*started)->address(), testing::Not(HasSubstr("0.0.0.0")));
    EXPECT_THAT((*started)->namesrv_address(), testing::Not(HasSubstr("0.0.0.0")));
  } else {  // this machine's name leads nowhere
    EXPECT_THAT(started.error().message, HasSubstr("--advertise"));
  }
}

TEST(Broker, GivenTheEnvironmentThenDataGoWhereTheUsersStateIs) {
  struct Case {
    const char* state;
    const char* home;
    const char* expected;
  };
  for (const Case& c : {Case{"/state", "/home/a", "/state/gantry/broker"},
                        Case{"relative", "/home/a", "/home/a/.local/state/gantry/broker"},
                        Case{nullptr, "/home/a", "/home/a/.local/state/gantry/broker"},
                        Case{nullptr, nullptr, "/tmp/.local/state/gantry/broker"}}) {
    c.state != nullptr ? setenv("XDG_STATE_HOME", c.state, 1) : unsetenv("XDG_STATE_HOME");
    c.home != nullptr ? setenv("HOME", c.home, 1) : unsetenv("HOME");
    EXPECT_EQ(default_data_directory(), c.expected);
  }
}

TEST(Broker, GivenARequestThatNobodyKnowsThenItSaysSo) {
  BrokerFixture f;
  EXPECT_EQ(f.call(request::kPutKvConfig + 9000, std::map<std::string, std::string>()).code,
            code::kRequestCodeNotSupported);
}

}  // namespace
}  // namespace gantry::broker
