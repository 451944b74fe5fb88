#include "base/near_name.h"

#include <gtest/gtest.h>

namespace gantry {
namespace {

TEST(NearName, GivenAFewSlipsThenTheNearestNameIsMeantAndOfOtherWordsNone) {
  constexpr std::string_view known[] = {"listenPort", "listenHost", "tls"};
  EXPECT_EQ(nearest_name("listnPort", known), "listenPort");
  EXPECT_EQ(nearest_name("LISTENHOTS", known), "listenHost") << "upper case is no slip";
  EXPECT_EQ(nearest_name("listenPorts2x", known), "") << "three slips";
  EXPECT_EQ(nearest_name("listenPorts2x", known, 3), "listenPort");
  EXPECT_EQ(nearest_name("tl", known), "tls");
  EXPECT_EQ(nearest_name("a", known), "") << "every letter would be a slip";
  EXPECT_EQ(nearest_name(std::string(65, 'l'), known, 100), "") << "a limit for what came from outside";
}

}  // namespace
}  // namespace gantry
