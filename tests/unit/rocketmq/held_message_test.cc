// One message, held for one piece of work; `consume --one` as a process is in tests/integration.
#include "rocketmq/held_message.h"

#include "unit/rocketmq/consumer_fixture.h"

namespace gantry::rocketmq {
namespace {

using namespace fake;

class HeldMessageTest : public ConsumerTest {
 protected:
  HeldMessageConfig held_config(std::chrono::milliseconds invisible_time) {
    HeldMessageConfig c;
    c.group = "g";
    c.topic = "t";
    c.invisible_time = invisible_time;
    return c;
  }
};

TEST_F(HeldMessageTest, GivenAMessageThatIsRenewedThenItsAcknowledgementIsNotInDoubt) {
  broker->store("t", 0, "x");
  HeldMessage held(cluster, held_config(3s));
  ASSERT_TRUE(*await(io, held.take(1s)));
  EXPECT_TRUE(await(io, held.acknowledge()));
  EXPECT_FALSE(held.doubt().expired);
  EXPECT_EQ(broker->acked.size(), 1U);
  await(io, held.leave());
}

// A process that is stopped for a while, or a machine that sleeps, does not renew; brokers take the late acknowledgement.
TEST_F(HeldMessageTest, GivenAnInvisibleTimeThatWasOverBeforeTheAcknowledgementThenItIsInDoubt) {
  broker->store("t", 0, "x");
  HeldMessage held(cluster, held_config(90ms));
  ASSERT_TRUE(*await(io, held.take(1s)));
  const auto taken = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - taken < 100ms) {
  }
  EXPECT_TRUE(await(io, held.acknowledge()));
  EXPECT_TRUE(held.doubt().expired);
  await(io, held.leave());
}

}  // namespace
}  // namespace gantry::rocketmq
