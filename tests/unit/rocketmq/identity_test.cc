#include "rocketmq/identity.h"

#include <gtest/gtest.h>

namespace gantry::rocketmq {
namespace {

TEST(VersionName, GivenTheNumberOnTheWireThenTheName) {
  const std::pair<int, const char*> cases[] = {{479, "5.3.3"}, {413, "5.0.0"}, {412, "5.0.0-SNAPSHOT"},
                                               {401, "4.9.4"}, {213, "4.0.0"}, {611, "5.9.9"},
                                               {212, "212"},   {612, "612"},   {-1, "-1"},
                                               {0, "0"}};
  for (const auto& [number, name] : cases) EXPECT_EQ(version_name(number), name);
}

}  // namespace
}  // namespace gantry::rocketmq
