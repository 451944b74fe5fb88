#include "up/terminal_view.h"

#include <gtest/gtest.h>

namespace gantry::up {
namespace {

StatusLine line(double uptime_s, std::int32_t replicas, std::string phase) {
  return {
      .uptime_s = uptime_s, .lag = 976, .replicas = replicas, .consumed_fraction = 0.579, .phase = std::move(phase)};
}

TEST(StatusLine, GivenANarrowTerminalThenTheBarGoesFirstAndThenTheEndOfTheSentence) {
  const StatusLine now = line(12, 4, "the burst of 3,000 is sent");
  EXPECT_EQ(to_text(now, 100),
            " 12 s  lag 976  replicas 4  [###########.........]  57 % consumed  the burst of 3,000 is sent");
  EXPECT_EQ(to_text(now, 91), " 12 s  lag 976  replicas 4  the burst of 3,000 is sent");
  EXPECT_EQ(to_text(now, 40), " 12 s  lag 976  replicas 4  the burst of");
  EXPECT_EQ(to_text(now, 5), " 12 s");
}

TEST(StatusLine, GivenNextToEverythingConsumedThenItIsNot100Percent) {
  StatusLine now = line(1, 1, "");
  now.consumed_fraction = 0.9999;
  EXPECT_NE(to_text(now, 100).find(" 99 % consumed"), std::string::npos);
  now.lag.reset();
  now.consumed_fraction.reset();
  EXPECT_EQ(to_text(now, 100), "  1 s  lag unknown  replicas 1  ");
}

TEST(StatusLine, GivenCharactersOfSeveralBytesThenNoneIsCutInTwo) {
  EXPECT_EQ(to_text(line(1, 1, "\u00fc\u00fc\u00fc"), 30), "  1 s  lag 976  replicas 1  \u00fc\u00fc");
}

TEST(LineGate, GivenOutputThatIsNoTerminalThenReplicasWordsAndTimeAreWorthALine) {
  LineGate gate;
  EXPECT_TRUE(gate.passes(line(0, 0, "a burst of 3 is sent: 0 so far")));
  EXPECT_FALSE(gate.passes(line(1, 0, "a burst of 3 is sent: 1 so far"))) << "numbers only";
  EXPECT_TRUE(gate.passes(line(2, 1, "a burst of 3 is sent: 2 so far"))) << "a replica more";
  EXPECT_TRUE(gate.passes(line(3, 1, "done")));
  EXPECT_FALSE(gate.passes(line(12.9, 1, "done")));
  EXPECT_TRUE(gate.passes(line(13, 1, "done"))) << "ten seconds";
  EXPECT_FALSE(gate.passes(line(14, 1, "done")));
}

}  // namespace
}  // namespace gantry::up
