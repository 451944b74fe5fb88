#include "base/words.h"

#include <gtest/gtest.h>

namespace gantry {
namespace {

TEST(Words, GivenANumberThenThousandsAreSeparatedAndTheNounAgrees) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(-999), "-999");
  EXPECT_EQ(grouped(-1'200), "-1,200");
  EXPECT_EQ(grouped(12'345'678), "12,345,678");
  EXPECT_EQ(plural(1, "replica"), "1 replica");
  EXPECT_EQ(plural(0, "replica"), "0 replicas");
  EXPECT_EQ(plural(3'000, "message"), "3,000 messages");
}

}  // namespace
}  // namespace gantry
