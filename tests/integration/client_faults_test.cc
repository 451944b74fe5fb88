// What `gantry send` and `gantry consume` say when the broker takes what they send and does not say so, or refuses it.
#include <gmock/gmock.h>

#include "integration/gantry_process.h"
#include "unit/rocketmq/fake_cluster.h"

namespace gantry::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fake = rocketmq::fake;
namespace code = wire::request_code;
namespace rc = wire::response_code;

// A broker whose answers the test decides, on a thread of its own; it is changed before run() and read after it.
class ClientFaults : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gantry-client-test-XXXXXX";
    directory = ::mkdtemp(pattern.data());
    broker = &servers.add_broker("broker-a");
    servers.add_topic("t", 1);
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  Ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--namesrv", servers.address()});
    auto work = boost::asio::make_work_guard(io);
    io.restart();
    std::thread thread([this] { io.run(); });
    Ended ended = Running(directory, std::move(arguments)).wait(std::chrono::seconds(40));
    io.stop();
    thread.join();
    return ended;
  }
  // The first requests of that code do what they ask for, and their answer never comes.
  void swallow_answers(std::int32_t request_code, int count) {
    broker->on(request_code, [this, left = count, sent = 0](remoting::Request& request) mutable {
      auto header = wire::decode_send_header(request.command);
      ASSERT_TRUE(header);
      wire::SendMessageResponseHeader answer;
      answer.msg_id = "7F00000100002A9F000000000000000" + std::to_string(sent++ % 10);
      answer.queue_id = header->queue_id;
      answer.queue_offset = broker->store(header->topic, header->queue_id, request.command.body);
      if (left-- > 0) {
        swallowed.push_back(std::move(request));
        return;
      }
      fake::Broker::answer_header(request, answer);
    });
  }

  std::filesystem::path directory;
  boost::asio::io_context io{1};
  fake::Servers servers{io};
  fake::Broker* broker = nullptr;
  std::vector<remoting::Request> swallowed;
};

TEST_F(ClientFaults, GivenAcknowledgementsThatAreRefusedThenConsumeSaysWhyAndFailsInEveryMode) {
  for (int i = 0; i < 3; ++i) broker->store("t", 0, "message", "KEYS\x01k" + std::to_string(i) + "\x02");
  for (int i = 0; i < 1'000; ++i) {
    broker->refuse(code::kUpdateConsumerOffset, rc::kSystemError);
    broker->refuse(code::kAckMessage, rc::kSystemError);
  }
  for (const std::string mode : {"push", "pull", "pop"}) {
    const Ended ended =
        run({"consume", "--topic", "t", "--group", "g-" + mode, "--mode", mode, "--count", "3", "-o", "json"});
    EXPECT_EQ(ended.code, 1) << mode;
    EXPECT_THAT(ended.err, AllOf(HasSubstr("3 of 3 messages were handled without a known acknowledgement"),
                                 HasSubstr("refused by the test"), HasSubstr("gantry doctor")))
        << mode;
    ASSERT_EQ(ended.lines().size(), 3U) << mode << ended.out;
    for (const auto& line : ended.lines()) EXPECT_EQ(line.at("status"), "ACK_UNKNOWN") << mode;
    broker->popped.clear();
  }
  const Ended summary = run({"consume", "--topic", "t", "--group", "g", "--count", "3", "-o", "yaml"});
  EXPECT_EQ(summary.code, 1);
  EXPECT_THAT(summary.out, AllOf(HasSubstr("consumed: 0"), HasSubstr("unacknowledged: 3")));
}

TEST_F(ClientFaults, GivenAnAnswerThatNeverComesThenSendSaysThatTheMessageMayBeStoredTwice) {
  swallow_answers(code::kSendMessageV2, 1);
  const Ended ended = run({"send", "--topic", "t", "--count", "3", "--in-flight", "1", "-o", "json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.lines().size(), 3U);
  EXPECT_EQ(broker->max_of("t", 0), 4);  // the first one twice
  EXPECT_THAT(ended.err, AllOf(HasSubstr("1 of 3 messages may be stored twice"), HasSubstr("no answer")));
}

TEST_F(ClientFaults, GivenNoAnswerAtAllThenSendSaysThatTheMessageMayBeStoredThoughItFailed) {
  swallow_answers(code::kSendMessageV2, 1'000);
  const Ended ended = run({"send", "--topic", "t", "--count", "1"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("1 message that was not acknowledged may be stored"));
  EXPECT_GE(broker->max_of("t", 0), 1);
}

TEST_F(ClientFaults, GivenABrokerThatCannotBeReachedThenNothingIsSaidToBeStored) {
  broker->server.stop();
  const Ended ended = run({"send", "--topic", "t", "--count", "1"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("cannot connect"), testing::Not(HasSubstr("stored"))));
}

TEST_F(ClientFaults, GivenAVersionThatIsNoNumberThenDoctorDoesNotJudgeIt) {
  std::string version;
  broker->on(code::kGetBrokerRuntimeInfo, [&](remoting::Request& request) {
    wire::KVTable table;
    table.entries = {{"brokerVersionDesc", "V9_9_9"}, {"brokerVersion", version}};
    fake::Broker::answer_body(request, wire::encode_body(table));
  });
  for (const auto& [said, judged] : std::map<std::string, bool>{{"300", true}, {"9_9_9", false}, {"", false}}) {
    version = said;
    const Ended ended = run({"doctor"});
    EXPECT_THAT(ended.out, HasSubstr("V9_9_9")) << said;
    EXPECT_EQ(ended.out.find("POP needs RocketMQ 5") != std::string::npos, judged) << said << ended.out;
  }
}

}  // namespace
}  // namespace gantry::integration
