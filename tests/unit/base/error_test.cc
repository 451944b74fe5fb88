#include "base/error.h"

#include <gtest/gtest.h>

namespace gantry {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Errc::invalid_argument, "{} is odd", n);
  return n / 2;
}

TEST(Error, GivenAFailureWhenReturnedThenItCarriesCodeAndWords) {
  auto bad = half(3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), (Error{Errc::invalid_argument, "3 is odd"}));
  EXPECT_EQ(half(4).value(), 2);
}

TEST(Error, GivenAContextWhenAddedThenItStandsInFront) {
  Error e = in_context("reading a", Error{Errc::not_found, "no such file"});
  EXPECT_EQ(e.message, "reading a: no such file");
  EXPECT_EQ(e.code, Errc::not_found);
}

TEST(Error, GivenEveryCodeThenItHasAName) {
  for (int c = 0; c <= static_cast<int>(Errc::internal); ++c) EXPECT_NE(to_string(static_cast<Errc>(c)), "");
  EXPECT_EQ(to_string(static_cast<Errc>(1'000)), "internal");  // as a number that came from elsewhere
}

}  // namespace
}  // namespace gantry
