#include <gtest/gtest.h>

#include "kube/quantity.h"

namespace gantry::kube {
namespace {

TEST(Quantities, GivenNumbersWhenWrittenThenTheyAreCanonicalAndReadBack) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},
      {1, "1"},
      {72, "72"},
      {0.5, "500m"},
      {12.5, "12500m"},
      {0.0001, "1m"},
      {0.1, "100m"},
      {0.3, "300m"},
      {1.0005, "1001m"},
      {4'096, "4096"},
      {1e12, "1000000000000"},
      {1.5e12 + 0.5, "1500000000001"},
      {1e18, "1000000000000000000"},
      {1e300, "1000000000000000000"},
  };
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(format_quantity(value), text) << value;
    EXPECT_TRUE(parse_quantity(format_quantity(value))) << value;
  }
}

}  // namespace
}  // namespace gantry::kube
