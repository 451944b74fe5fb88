// The classic consumer against servers that the test controls.
#include "rocketmq/consumer.h"

#include "unit/rocketmq/consumer_fixture.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

TEST_F(ConsumerTest, GivenMessagesThenEachIsHandledOnceAndAcknowledgedAfterItsCommit) {
  for (int i = 0; i < 8; ++i) broker->store("t", i % 4, std::to_string(i));
  bool early = false;
  Consumer consumer(cluster, config(), take(), [&](const ReceivedMessage& message, Outcome outcome) {
    early = early || committed(message.queue.queue_id) <= message.queue_offset;
    EXPECT_EQ(outcome, Outcome::success);
    acknowledged.push_back(message.body);
  });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 8; }));
  EXPECT_THAT(handled, UnorderedElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
  EXPECT_FALSE(early);
  EXPECT_EQ(consumer.assigned_queues(), 4U);
  for (int queue = 0; queue < 4; ++queue) EXPECT_EQ(committed(queue), 2);
  EXPECT_EQ(consumer.last_error(), "");
  await(io, consumer.stop());
  EXPECT_TRUE(broker->members["g"].empty());
}

TEST_F(ConsumerTest, GivenModePullThenItIsAnActiveConsumerWithoutRetryTopic) {
  servers.add_topic("%RETRY%g", 1);
  broker->store("%RETRY%g", 0, "again");
  broker->store("t", 0, "x");
  Consumer consumer(cluster, config(ConsumeMode::pull), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_EQ(broker->consume_types["g"], "CONSUME_ACTIVELY");
  EXPECT_EQ(consumer.assigned_queues(), 4U);
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenModePushThenTheRetryTopicIsReadToo) {
  servers.add_topic("%RETRY%g", 1);
  broker->store("%RETRY%g", 0, "again",
                "RETRY_TOPIC\x01"
                "t\x02");
  std::string topic;
  Consumer consumer(cluster, config(), [&](const ReceivedMessage& message) -> asio::awaitable<Outcome> {
    topic = message.topic;
    co_return Outcome::success;
  });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return committed(0, "%RETRY%g") == 1; }));
  EXPECT_EQ(topic, "t");
  EXPECT_EQ(broker->consume_types["g"], "CONSUME_PASSIVELY");
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenAHandlerThatFailsThenTheMessageIsSentBackAndTheOffsetGoesOn) {
  broker->store("t", 0, "bad");
  std::vector<Outcome> outcomes;
  Consumer consumer(cluster, config(), take(Outcome::retry),
                    [&](const ReceivedMessage&, Outcome outcome) { outcomes.push_back(outcome); });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return committed(0) == 1; }));
  ASSERT_EQ(broker->sent_back.size(), 1U);
  EXPECT_EQ(broker->sent_back[0].group, "g");
  EXPECT_EQ(broker->sent_back[0].origin_topic, "t");
  EXPECT_EQ(broker->sent_back[0].offset, 1000);
  EXPECT_THAT(outcomes, ElementsAre(Outcome::retry));
  await(io, consumer.stop());
}

// What a consumer remembers of a message must not be readable, or writable, by who sent it.
TEST_F(ConsumerTest, GivenAnyUserPropertiesThenTheMessageIsAcknowledgedAndTheyAreTheSame) {
  const std::map<std::string, std::string> sent = {{"GANTRY_SENT_BACK", "true"}, {"mine", "1"}};
  broker->store("t", 0, "x",
                "GANTRY_SENT_BACK\x01"
                "true\x02mine\x01"
                "1\x02");
  std::map<std::string, std::string> seen;
  Consumer consumer(cluster, config(), take(), [&](const ReceivedMessage& message, Outcome) {
    seen = message.properties;
    acknowledged.push_back(message.body);
  });
  ASSERT_TRUE(await(io, consumer.start()));
  EXPECT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_EQ(seen, sent);
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenASendBackThatFailsThenTheOffsetStaysBelowTheMessage) {
  broker->store("t", 0, "bad");
  broker->refuse(code::kConsumerSendMsgBack, rc::kSystemError);
  Consumer consumer(cluster, config(), take(Outcome::retry), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return broker->calls[code::kConsumerSendMsgBack] == 1; }));
  ASSERT_TRUE(until([&] { return !consumer.last_error().empty(); }));
  await(io, consumer.stop());
  EXPECT_LE(committed(0), 0);
}

TEST_F(ConsumerTest, GivenAHandlerThatThrowsThenItCountsAsFailed) {
  broker->store("t", 0, "bad");
  Consumer consumer(cluster, config(), [](const ReceivedMessage&) -> asio::awaitable<Outcome> {
    throw std::runtime_error("handler");
    co_return Outcome::success;
  });
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return broker->sent_back.size() == 1; }));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenTagsThenOnlyTheseAreHandledAndTheOthersCountAsProcessed) {
  broker->store("t", 0, "1", tagged("A"));
  broker->store("t", 0, "2", tagged("B"));
  broker->store("t", 0, "3", tagged("A"));
  auto c = config();
  c.tags = "A";
  Consumer consumer(cluster, c, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return committed(0) == 3; }));
  EXPECT_THAT(handled, ElementsAre("1", "3"));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenANewGroupFromLatestThenOldMessagesAreLeftOut) {
  broker->store("t", 0, "old");
  auto c = config();
  c.from = ConsumeFrom::latest;
  Consumer consumer(cluster, c, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return broker->calls[code::kPullMessage] >= 8; }));
  broker->store("t", 0, "new");
  ASSERT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_THAT(handled, ElementsAre("new"));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenACommittedOffsetThenItGoesOnThere) {
  for (int i = 0; i < 3; ++i) broker->store("t", 0, std::to_string(i));
  broker->offsets[{"g", "t", 0}] = 2;
  Consumer consumer(cluster, config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 1; }));
  EXPECT_THAT(handled, ElementsAre("2"));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenAnOffsetBelowTheMinimumThenItGoesOnWhereTheBrokerSays) {
  for (int i = 0; i < 5; ++i) broker->store("t", 0, std::to_string(i));
  broker->min_offsets[{"t", 0}] = 3;
  broker->offsets[{"g", "t", 0}] = 1;
  Consumer consumer(cluster, config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 2; }));
  EXPECT_THAT(handled, ElementsAre("3", "4"));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenASecondMemberThenTheQueuesAreSharedAndTakenBackWhenItGoes) {
  auto other = servers.connect();
  Consumer first(cluster, config(), take(), note());
  Consumer second(other, config(), take(), note());
  ASSERT_TRUE(await(io, first.start()));
  ASSERT_TRUE(until([&] { return first.assigned_queues() == 4; }));
  ASSERT_TRUE(await(io, second.start()));
  broker->notify_members_changed("g");
  ASSERT_TRUE(until([&] { return first.assigned_queues() == 2 && second.assigned_queues() == 2; }));
  for (int i = 0; i < 8; ++i) broker->store("t", i % 4, std::to_string(i));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 8; }));
  EXPECT_THAT(handled, UnorderedElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
  await(io, second.stop());
  broker->notify_members_changed("g");
  ASSERT_TRUE(until([&] { return first.assigned_queues() == 4; }));
  await(io, first.stop());
  other->stop();
}

TEST_F(ConsumerTest, GivenTwoGroupsOnOneClusterThenEachHearsWhatIsForItAndNothingElse) {
  for (int i = 0; i < 3; ++i) broker->store("t", 0, std::to_string(i));
  auto other_config = config();
  other_config.group = "h";
  std::vector<std::string> other_acknowledged;
  Consumer first(cluster, config(), take(), note());
  Consumer second(cluster, other_config, take(),
                  [&](const ReceivedMessage& message, Outcome) { other_acknowledged.push_back(message.body); });
  ASSERT_TRUE(await(io, first.start()));
  ASSERT_TRUE(await(io, second.start()));  // registered later, and must not silence the first
  ASSERT_TRUE(until([&] { return acknowledged.size() == 3 && other_acknowledged.size() == 3; }));

  auto admin_cluster = servers.connect();
  AdminQueries admin(admin_cluster);
  ASSERT_TRUE(await(io, admin.reset_offsets("t", "g", 0)));
  EXPECT_TRUE(until([&] { return acknowledged.size() == 6; }));
  EXPECT_EQ(other_acknowledged.size(), 3U);
  ASSERT_TRUE(await(io, admin.reset_offsets("t", "h", 0)));
  EXPECT_TRUE(until([&] { return other_acknowledged.size() == 6; }));
  EXPECT_EQ(acknowledged.size(), 6U);

  for (const std::string group : {"g", "h"}) {
    broker->members[group]["!"] = broker->members[group].begin()->second;  // sorts first
    broker->notify_members_changed(group);
  }
  EXPECT_TRUE(until([&] { return first.assigned_queues() == 2 && second.assigned_queues() == 2; }));
  await(io, first.stop());
  broker->members["h"].erase("!");
  broker->notify_members_changed("h");
  EXPECT_TRUE(until([&] { return second.assigned_queues() == 4; }));  // the other one's end is not its own
  await(io, second.stop());
  admin_cluster->stop();
}

TEST_F(ConsumerTest, GivenABrokerThatForgotTheMemberThenItJoinsAgain) {
  Consumer consumer(cluster, config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return consumer.assigned_queues() == 4; }));
  const auto peer = broker->members["g"].begin()->second;
  broker->members["g"].clear();
  wire::NotifyConsumerIdsChangedRequestHeader header;
  header.consumer_group = "g";
  peer->send_oneway(wire::make_request(code::kNotifyConsumerIdsChanged, header));
  ASSERT_TRUE(until([&] { return broker->members["g"].size() == 1; }));
  EXPECT_EQ(consumer.assigned_queues(), 4U);  // nothing was given up meanwhile
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenABrokerThatWasStartedAnewThenItJoinsAtOnceAndSharesAgain) {
  auto settings = config();
  settings.poll_timeout = 15s;
  Consumer consumer(cluster, settings, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return consumer.assigned_queues() == 4 && broker->calls[code::kPullMessage] >= 4; }));
  const auto peer = broker->members["g"].begin()->second;
  broker->members["g"] = {{"another", peer}};  // it joined before us
  peer->close();
  // long before the next regular heartbeat (30 s) or rebalance (20 s)
  ASSERT_TRUE(run_until(io, [&] { return broker->members["g"].size() == 2; }, 5s));
  ASSERT_TRUE(run_until(io, [&] { return consumer.assigned_queues() == 2; }, 5s));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenAnOffsetThatAnEarlierOwnerThrewBackThenItIsToldAgain) {
  auto settings = config();
  settings.recommit_interval = 20ms;
  broker->store("t", 0, "x");
  Consumer consumer(cluster, settings, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return committed(0) == 1; }));
  broker->offsets[{"g", "t", 0}] = 0;
  EXPECT_TRUE(until([&] { return committed(0) == 1; }));
  EXPECT_EQ(acknowledged.size(), 1U);  // reported once
  EXPECT_EQ(committed(1), -1);         // what never was committed is not made up
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenAnOffsetThatIsThrownBackBeforeTheNewOwnerHandledAnythingThenItIsToldAgainToo) {
  auto settings = config();
  settings.recommit_interval = 20ms;
  for (int i = 0; i < 3; ++i) broker->store("t", 0, std::to_string(i));
  broker->offsets[{"g", "t", 0}] = 3;  // all of them were handled by the owner before
  Consumer consumer(cluster, settings, take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return broker->calls[code::kPullMessage] >= 8; }));  // it reads already
  broker->offsets[{"g", "t", 0}] = 1;                                          // a late commit of that owner
  EXPECT_TRUE(until([&] { return committed(0) == 3; }));
  await(io, consumer.stop());
  EXPECT_TRUE(handled.empty());
}

TEST_F(ConsumerTest, GivenAResetThenItReadsAgainFromThere) {
  for (int i = 0; i < 3; ++i) broker->store("t", 0, std::to_string(i));
  Consumer consumer(cluster, config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 3; }));
  auto other = servers.connect();
  AdminQueries admin(other);
  auto result = await(io, admin.reset_offsets("t", "g", 0));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->online);
  ASSERT_TRUE(until([&] { return acknowledged.size() == 6; }));
  await(io, consumer.stop());
  other->stop();
}

TEST_F(ConsumerTest, GivenAPullThatFailsThenItIsTriedAgainAndTheErrorIsSeen) {
  broker->store("t", 0, "x");
  for (int i = 0; i < 4; ++i) broker->refuse(code::kPullMessage, rc::kSystemError);
  Consumer consumer(cluster, config(), take(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return !consumer.last_error().empty(); }));
  EXPECT_THAT(consumer.last_error(), HasSubstr("refused by the test"));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 1; }));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenPullsThatFailWhileMessagesAreHandledThenTheyAreTriedAgainAfterTheDelayOnly) {
  for (int i = 0; i < 32; ++i) broker->store("t", 0, std::to_string(i));  // as many as one pull brings
  int failed = 0;
  broker->on(code::kPullMessage, [&](remoting::Request& request) {
    auto header = Broker::header_of<wire::PullMessageRequestHeader>(request);
    if (header.queue_id != 0 || header.queue_offset == 0) return pull(*broker, request);
    ++failed;
    request.reply.send(rc::kSystemError, "no disk");
  });
  const auto begin = std::chrono::steady_clock::now();
  Consumer consumer(cluster, config(), take_slowly(), note());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return acknowledged.size() == 32; }));
  EXPECT_GT(failed, 0);
  EXPECT_LE(failed, tries_since(begin));
  await(io, consumer.stop());
}

TEST_F(ConsumerTest, GivenABrokerThatTakesCommitsAndAnswersNoneThenThoseOfAnotherGoOn) {
  cluster->stop();
  cluster = servers.connect({}, 1h);
  Broker& other = servers.add_broker("broker-b");
  servers.add_topic("t", 1);
  std::vector<remoting::Request> held;
  broker->on(code::kUpdateConsumerOffset, [&](remoting::Request& request) { held.push_back(std::move(request)); });
  broker->store("t", 0, "x");
  Consumer consumer(cluster, config(), take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return held.size() == 1; }));
  for (const std::string body : {"1", "2"}) {
    other.store("t", 0, body);
    ASSERT_TRUE(run_until(io, [&] { return !acknowledged.empty() && acknowledged.back() == body; }, 5s));
  }
  EXPECT_EQ(held.size(), 1U);  // one at a time of each queue
  held[0].reply.send(rc::kSuccess);
  ASSERT_TRUE(until([&] { return acknowledged.size() == 3; }));
  await(io, consumer.stop());
  EXPECT_TRUE(doubtful.empty());
}

TEST_F(ConsumerTest, GivenAMessageAtHandWhenStoppedThenItIsFinishedAndCommittedAndNoOtherBegins) {
  stop_while_the_first_is_at_work<Consumer>(config());
  EXPECT_EQ(committed(0), 1);
}

TEST_F(ConsumerTest, GivenCommitsThatAreRefusedWhenStoppedThenWhatWasHandledIsToldAsUnacknowledged) {
  for (int i = 0; i < 3; ++i) broker->store("t", 0, std::to_string(i));
  for (int i = 0; i < 10'000; ++i) broker->refuse(code::kUpdateConsumerOffset, rc::kSystemError);
  Consumer consumer(cluster, config(), take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return handled.size() == 3; }));
  EXPECT_TRUE(doubtful.empty());  // as long as it is ours the commit is tried again
  await(io, consumer.stop());
  EXPECT_TRUE(acknowledged.empty());
  EXPECT_THAT(doubtful, ElementsAre("0", "1", "2"));
  EXPECT_THAT(doubt, HasSubstr("refused by the test"));
}

TEST_F(ConsumerTest, GivenACommitWhoseAnswerIsLostWhenTheQueueIsTakenAwayThenItIsToldAsUnacknowledged) {
  broker->store("t", 0, "x");
  bool swallow = true;
  broker->on(code::kUpdateConsumerOffset, [&](remoting::Request& request) {
    auto header = Broker::header_of<wire::UpdateConsumerOffsetRequestHeader>(request);
    broker->offsets[{"g", "t", header.queue_id}] = header.commit_offset;
    if (swallow) return request.from->close();  // applied, and nobody learns it
    request.reply.send(rc::kSuccess);
  });
  auto settings = config();
  settings.commit_interval = 1h;  // the only commits are those of the handing over
  Consumer consumer(cluster, settings, take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return handled.size() == 1; }));
  // "!" sorts first: the queue 0 goes to it
  broker->members["g"]["!"] = broker->members["g"].begin()->second;
  broker->notify_members_changed("g");
  EXPECT_TRUE(until([&] { return doubtful.size() == 1; }));
  EXPECT_TRUE(acknowledged.empty());
  EXPECT_EQ(committed(0), 1);
  swallow = false;
  await(io, consumer.stop());
  EXPECT_EQ(doubtful.size(), 1U);  // told once
}

TEST_F(ConsumerTest, GivenAMessageAtHandWhenTheQueueIsTakenAwayThenItIsToldAsUnacknowledgedWhenItEnds) {
  broker->store("t", 0, "x");
  asio::steady_timer work(io, std::chrono::hours(1));
  bool begun = false;
  Consumer consumer(
      cluster, config(),
      [&](const ReceivedMessage&) -> asio::awaitable<Outcome> {
        begun = true;
        co_await work.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return Outcome::success;
      },
      note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return begun; }));
  broker->members["g"]["!"] = broker->members["g"].begin()->second;
  broker->notify_members_changed("g");
  ASSERT_TRUE(until([&] { return consumer.assigned_queues() == 2; }));
  asio::steady_timer handed_over(io, 100ms);  // five times handover_delay: its new owner reads already
  bool later = false;
  handed_over.async_wait([&](boost::system::error_code) { later = true; });
  ASSERT_TRUE(until([&] { return later; }));
  work.cancel();
  EXPECT_TRUE(until([&] { return doubtful.size() == 1; }));
  EXPECT_THAT(doubt, HasSubstr("given up before the commit"));
  EXPECT_EQ(committed(0), -1);
  await(io, consumer.stop());
  EXPECT_TRUE(acknowledged.empty());
}

TEST_F(ConsumerTest, GivenAResetThenWhatWasHandledAndNotCommittedIsToldAsUnacknowledged) {
  broker->store("t", 0, "x");
  auto settings = config();
  settings.commit_interval = 1h;
  Consumer consumer(cluster, settings, take(), note(), note_doubt());
  ASSERT_TRUE(await(io, consumer.start()));
  ASSERT_TRUE(until([&] { return handled.size() == 1; }));
  auto other = servers.connect();
  AdminQueries admin(other);
  ASSERT_TRUE(await(io, admin.reset_offsets("t", "g", 0)));
  EXPECT_TRUE(until([&] { return handled.size() == 2; }));
  EXPECT_THAT(doubtful, ElementsAre("x"));
  await(io, consumer.stop());
  EXPECT_THAT(acknowledged, ElementsAre("x"));  // the second time
  other->stop();
}

TEST_F(ConsumerTest, GivenNoTopicOrNoBrokerThenStartFails) {
  auto c = config();
  c.topic = "nope";
  Consumer consumer(cluster, c, take());
  auto started = await(io, consumer.start());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::not_found);
  broker->server.stop();
  Consumer other(cluster, config(), take());
  started = await(io, other.start());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace gantry::rocketmq
