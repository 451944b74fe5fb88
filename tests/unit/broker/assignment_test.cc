// Which queues the broker gives to a client that leaves rebalancing to it.
#include "wire/bodies/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker_fixture.h"

namespace gantry::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct AssignmentFixture : BrokerFixture {
  AssignmentFixture() {
    send("t", 0, "makes a topic of four queues");
    second = new_client();
    heartbeat("c1", "g", "t");
    heartbeat("c2", "g", "t", second.get());
  }

  std::int32_t set_mode(const std::string& mode, std::int32_t share = 0, const std::string& topic = "t",
                        const std::string& group = "g") {
    return call(request::kSetMessageRequestMode, {},
                wire::encode_body(wire::SetMessageRequestModeRequestBody{group, mode, share, topic}))
        .code;
  }
  std::vector<int> queues_of(const std::string& client_id, const std::string& strategy = "AVG",
                             const std::string& model = "CLUSTERING", const std::string& topic = "t") {
    const auto answer =
        call(request::kQueryAssignment, {},
             wire::encode_body(wire::QueryAssignmentRequestBody{client_id, "g", model, strategy, topic}));
    EXPECT_EQ(answer.code, code::kSuccess) << answer.remark;
    std::vector<int> ids;
    const auto body = wire::decode_body<wire::QueryAssignmentResponseBody>(answer.body);
    if (!body) return ids;
    known = body->message_queue_assignments.has_value();
    for (const auto& assignment :
         body->message_queue_assignments.value_or(std::vector<wire::MessageQueueAssignment>{})) {
      EXPECT_EQ(assignment.message_queue.broker_name, "broker-a");
      mode = assignment.mode;
      ids.push_back(assignment.message_queue.queue_id);
    }
    return ids;
  }

  std::unique_ptr<remoting::Client> second;
  std::string mode;    // of the last assignment
  bool known = false;  // whether the last answer had one
};

TEST(Assignment, GivenTwoMembersThenEachStrategySharesTheQueues) {
  AssignmentFixture f;
  EXPECT_THAT(f.queues_of("c1"), ElementsAre(0, 1));
  EXPECT_THAT(f.queues_of("c2"), ElementsAre(2, 3));
  EXPECT_EQ(f.mode, "PULL");
  EXPECT_THAT(f.queues_of("c1", "AVG_BY_CIRCLE"), ElementsAre(0, 2));
  EXPECT_THAT(f.queues_of("c2", "AVG_BY_CIRCLE"), ElementsAre(1, 3));
  EXPECT_THAT(f.queues_of("c1", "AVG", "BROADCASTING"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(f.queues_of("stranger"), IsEmpty());
  EXPECT_THAT(f.queues_of("c1", "AVG", "CLUSTERING", "none"), IsEmpty());
  f.second.reset();
}

// An empty list would tell the client to give back what it has.
TEST(Assignment, GivenAStrategyThatIsNotKnownThenTheClientIsToldToKeepWhatItHas) {
  AssignmentFixture f;
  EXPECT_THAT(f.queues_of("c1", "MACHINE_ROOM"), IsEmpty());
  EXPECT_FALSE(f.known);
  EXPECT_THAT(f.queues_of("stranger"), IsEmpty());
  EXPECT_TRUE(f.known);
  ASSERT_EQ(f.set_mode("POP"), code::kSuccess);
  EXPECT_THAT(f.queues_of("c1", "MACHINE_ROOM"), IsEmpty());
  EXPECT_FALSE(f.known);
  f.second.reset();
}

TEST(Assignment, GivenModePopThenItIsKeptOverARestartAndAnyMemberPopsAnywhere) {
  AssignmentFixture f;
  ASSERT_EQ(f.set_mode("POP"), code::kSuccess);
  EXPECT_EQ(f.queues_of("c1").size(), f.queues_of("c2").size());
  EXPECT_EQ(f.mode, "POP");
  f.second.reset();
  f.restart();
  f.heartbeat("c1", "g", "t");
  EXPECT_THAT(f.queues_of("c1"), testing::Not(IsEmpty()));
  EXPECT_EQ(f.mode, "POP");
  ASSERT_EQ(f.set_mode("PULL"), code::kSuccess);
  f.queues_of("c1");
  EXPECT_EQ(f.mode, "PULL");
}

TEST(Assignment, GivenABadModeThenItIsRefused) {
  AssignmentFixture f;
  EXPECT_EQ(f.set_mode("POP", 0, "%RETRY%g"), code::kNoPermission);
  EXPECT_EQ(f.set_mode("POP", 0, "none"), code::kTopicNotExist);
  EXPECT_EQ(f.set_mode("POP", 0, "t", "a b"), code::kSubscriptionGroupNotExist);
  EXPECT_EQ(f.set_mode("PUSH"), code::kInvalidParameter);
  EXPECT_NE(f.call(request::kSetMessageRequestMode, {}, "garbage").code, code::kSuccess);
  EXPECT_NE(f.call(request::kQueryAssignment, {}, "garbage").code, code::kSuccess);
  f.second.reset();
}

}  // namespace
}  // namespace gantry::broker
