#include "base/parse_number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace gantry {
namespace {

TEST(ParseNumber, GivenAllOfTheTextThenItIsReadElseNothing) {
  EXPECT_EQ(parse_number<std::int32_t>("0"), 0);
  EXPECT_EQ(parse_number<std::int32_t>("-2147483648"), INT32_MIN);
  EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65'535);
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "0x1", "1.0", "-", "2147483648"})
    EXPECT_EQ(parse_number<std::int32_t>(text), std::nullopt) << text;
  EXPECT_EQ(parse_number<std::uint16_t>("-1"), std::nullopt);
  EXPECT_EQ(parse_number<std::uint16_t>("65536"), std::nullopt);
}

TEST(ParseNumber, GivenABaseThenTheDigitsAreOfIt) {
  std::uint16_t value = 0;
  EXPECT_TRUE(parse_number("fF", value, 16));
  EXPECT_EQ(value, 255);
  EXPECT_FALSE(parse_number("ff", value));
}

}  // namespace
}  // namespace gantry
