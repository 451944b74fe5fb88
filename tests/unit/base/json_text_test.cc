#include "base/json_text.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cmath>
#include <limits>

namespace gantry {
namespace {

TEST(JsonText, GivenNumbersThenTheyAreWrittenAsPeopleReadThem) {
  const struct {
    double number;
    const char* text;
  } cases[] = {{400, "400"},
               {0, "0"},
               {-0.0, "0"},
               {11, "11"},
               {1.5, "1.5"},
               {-0.1, "-0.1"},
               {1234567.8, "1234567.8"},
               {0.001, "0.001"},
               {9'007'199'254'740'992.0, "9007199254740992"},
               {1e300, "1e+300"},
               {std::numeric_limits<double>::infinity(), "null"},
               {std::numeric_limits<double>::quiet_NaN(), "null"}};
  for (const auto& c : cases) {
    EXPECT_EQ(json_text(c.number), c.text);
    if (std::isfinite(c.number)) {
      EXPECT_EQ(boost::json::parse(c.text).to_number<double>(), c.number);
    }
  }
}

TEST(JsonText, GivenAnyOtherValueThenItIsWrittenAsJson) {
  const char* text = R"({"a":[1,-2,18446744073709551615,[],{}],"q\"\\":"line\nü\u0001","t":true,"n":null,"":[[]]})";
  EXPECT_EQ(json_text(boost::json::parse(text)), text);
}

}  // namespace
}  // namespace gantry
