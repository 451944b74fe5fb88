// `gantry consume --one --exec CMD` as a Job runs it, against our own broker.
#include <gmock/gmock.h>

#include "integration/gantry_process.h"

namespace gantry::integration {
namespace {

using testing::HasSubstr;

class ConsumeOne : public WithBroker {
 protected:
  void SetUp() override {
    WithBroker::SetUp();
    ASSERT_EQ(run({"topic", "create", "--topic", "jobs", "--queues", "4"}).code, 0);
  }

  void send(int count) {
    ASSERT_EQ(run({"send", "--topic", "jobs", "--count", std::to_string(count), "--tag", "resize"}).code, 0);
  }
  static std::vector<std::string> one(const std::vector<std::string>& options, const std::string& script) {
    std::vector<std::string> arguments = {"consume", "--one", "--topic", "jobs", "--group", "workers", "-o", "json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--exec", "sh", "-c", script});
    return arguments;
  }
  // Started, and its command has said "begun".
  std::unique_ptr<Running> begun(const std::vector<std::string>& options, const std::string& script) {
    auto process = start(one(options, "echo begun >&2; " + script));
    EXPECT_TRUE(eventually([&] { return process->err().find("begun") != std::string::npos || process->ended(); }))
        << process->err();
    return process;
  }
  std::int64_t lag_left() { return lag("jobs", "workers").at("lag").as_int64(); }
};

TEST_F(ConsumeOne, GivenAMessageThenTheCommandGetsItsBodyAndWhatIsKnownOfItAndItIsAcknowledged) {
  ASSERT_EQ(run({"send", "--topic", "jobs", "--body", "photo 7", "--key", "p7", "--tag", "resize"}).code, 0);

  const Ended ended = run(one({},
                              "cat >&2; echo \" $GANTRY_TOPIC $GANTRY_GROUP $GANTRY_KEYS $GANTRY_TAGS "
                              "$GANTRY_RECONSUME_TIMES\" >&2"));

  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "photo 7 jobs workers p7 resize 0\n");
  ASSERT_EQ(ended.lines().size(), 1U);
  EXPECT_EQ(ended.lines()[0].at("status"), "CONSUME_SUCCESS");
  EXPECT_EQ(lag_left(), 0);
}

TEST_F(ConsumeOne, GivenMoreMessagesThenOneIsTakenAndTheOthersAreThereForOthers) {
  send(5);
  EXPECT_EQ(run(one({}, "true")).code, 0);
  EXPECT_EQ(lag_left(), 4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(run(one({}, "true")).lines().size(), 1U);
  EXPECT_EQ(lag_left(), 0);
}

TEST_F(ConsumeOne, GivenNoMessageThenItEndsWith0SoThatTheJobCompletes) {
  const Ended ended = run(one({"--wait", "200ms"}, "echo never >&2"));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("no message of topic jobs for group workers within 0.2 s"));
}

TEST_F(ConsumeOne, GivenACommandThatFailsThenItsCodeIsOursAndTheMessageComesAgain) {
  struct Row {
    std::string script;
    int code;
  };
  send(1);
  int times = 0;
  for (const Row& row : {Row{"exit 7", 7}, {"kill -9 $$", 137}, {"exec /nonesuch", 127}}) {
    const Ended ended = run(one({"--retry-after", "1s"}, "echo $GANTRY_RECONSUME_TIMES >&2;" + row.script));
    EXPECT_EQ(ended.code, row.code) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(std::to_string(times++) + "\n"));
    EXPECT_THAT(ended.err, HasSubstr("comes again after 1 s"));
    EXPECT_EQ(ended.lines().at(0).at("status"), "RECONSUME_LATER");
  }
  EXPECT_EQ(run(one({}, "true")).lines().at(0).at("reconsume_times"), 3);
}

TEST_F(ConsumeOne, GivenWorkLongerThanTheInvisibleTimeThenRenewalKeepsTheMessageFromOthers) {
  send(1);
  const auto worker = begun({"--invisible", "1s"}, "sleep 4");
  EXPECT_TRUE(run(one({"--wait", "3s"}, "true")).out.empty());
  const Ended ended = worker->wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(lag_left(), 0);
}

TEST_F(ConsumeOne, GivenSigtermThenTheCommandIsToldAndItsExitCodeDecides) {
  send(1);
  const auto refusing = begun({"--retry-after", "1s"}, "trap 'exit 3' TERM; while :; do sleep 0.1; done");
  refusing->signal(SIGTERM);
  EXPECT_EQ(refusing->wait().code, 3);

  const auto finishing = begun({}, "trap 'exit 0' TERM; while :; do sleep 0.1; done");
  finishing->signal(SIGTERM);
  const Ended ended = finishing->wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.lines().at(0).at("status"), "CONSUME_SUCCESS");
  EXPECT_EQ(lag_left(), 0);
}

TEST_F(ConsumeOne, GivenACommandThatIgnoresSigtermThenItIsKilledAfterTheGracePeriodAndTheMessageComesAgain) {
  send(1);
  const auto stubborn = begun({"--grace", "500ms", "--retry-after", "1s"}, "trap '' TERM; while :; do sleep 0.1; done");
  stubborn->signal(SIGTERM);
  const Ended ended = stubborn->wait();
  EXPECT_EQ(ended.code, 128 + SIGKILL);
  EXPECT_THAT(ended.err, HasSubstr("still runs 500 ms after SIGTERM"));
  EXPECT_EQ(run(one({}, "true")).lines().size(), 1U);
}

TEST_F(ConsumeOne, GivenSigtermWhileItWaitsThenItEndsWith0AndTakesNothing) {
  const auto waiting = start(one({"--wait", "1m"}, "echo never >&2"));
  ASSERT_TRUE(eventually([&] {
    const Ended group = run({"group", "describe", "--group", "workers", "-o", "json"});
    return group.code == 0;
  }));
  waiting->signal(SIGTERM);
  EXPECT_EQ(waiting->wait().code, 0);
  send(1);
  EXPECT_EQ(run(one({}, "true")).lines().size(), 1U) << "a message was taken along";
}

TEST_F(ConsumeOne, GivenKillMinus9ThenTheCommandIsGoneAndTheMessageComesAfterTheInvisibleTime) {
  send(1);
  const auto victim = begun({"--invisible", "2s"}, "echo $$ >&2; sleep 600");
  ASSERT_TRUE(eventually([&] { return victim->err().find('\n', 6) != std::string::npos; }));
  const pid_t command = std::stoi(victim->err().substr(6));
  victim->signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return kill(command, 0) != 0; })) << "it would work on beside the next one";
  EXPECT_EQ(run(one({}, "true")).lines().size(), 1U);
  EXPECT_EQ(lag_left(), 0);
}

TEST_F(ConsumeOne, GivenWordsAfterExecThenTheyAreTheCommandsWhateverTheyLookLike) {
  send(1);
  const Ended ended = run({"consume", "--one", "--topic", "jobs", "--group", "workers", "--exec", "printf", "%s,",
                           "--count", "-o", "--", "--help", ""});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "--count,-o,--,--help,,");
}

TEST_F(ConsumeOne, GivenOptionsThatDoNotGoTogetherThenExitCode2) {
  const std::vector<std::string> base = {"consume", "--topic", "jobs", "--group", "workers"};
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--one"},
                                               {"--exec", "true"},
                                               {"--wait", "1s"},
                                               {"--one", "--mode", "pull", "--exec", "true"},
                                               {"--one", "--count", "2", "--exec", "true"},
                                               {"--one", "--invisible", "10ms", "--exec", "true"},
                                               {"--one", "-o", "table", "--exec", "true"},
                                               {"--one", "--exec"}}) {
    auto arguments = base;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, 2) << testing::PrintToString(more);
    EXPECT_THAT(ended.err, HasSubstr("--")) << testing::PrintToString(more);
  }
}

TEST_F(ConsumeOne, GivenAnUnknownTopicThenItFailsAtOnceAndSaysWhatToDo) {
  const Ended ended = run({"consume", "--one", "--topic", "nope", "--group", "g", "--exec", "true"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("gantry topic create --topic nope"));
}

TEST_F(ConsumeOne, GivenABrokerThatGoesDuringTheWorkThenTheCommandEndsAndTheAcknowledgementIsReportedUnknown) {
  send(1);
  const auto worker = begun({"--invisible", "1s"}, "sleep 3");
  broker->signal(SIGKILL);
  const Ended ended = worker->wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("without a known acknowledgement and may come again"));
  EXPECT_EQ(ended.lines().at(0).at("status"), "ACK_UNKNOWN");
}

}  // namespace
}  // namespace gantry::integration
