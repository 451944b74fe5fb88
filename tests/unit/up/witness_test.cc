#include "up/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::up {
namespace {

using testing::ElementsAre;
using testing::Pair;

Result<lag::LagReading> reading_with(std::optional<std::int64_t> consumers) {
  lag::LagReading reading;
  reading.consumers = consumers;
  return reading;
}

TEST(ConsumersByGroup, GivenAGroupWithTwoTopicsThenItCountsOncePerSample) {
  const std::vector<lag::LagQuery> watched = {
      {"a", "orders", {}}, {"b", "orders", {}}, {"a", "billing", {}}, {"c", "silent", {}}, {"d", "gone", {}}};
  const std::vector<Result<lag::LagReading>> readings = {reading_with(3), reading_with(2), reading_with(1),
                                                         reading_with(std::nullopt), fail(Errc::unavailable, "away")};
  EXPECT_THAT(consumers_by_group(watched, readings), ElementsAre(Pair("billing", 1), Pair("orders", 3)));
}

}  // namespace
}  // namespace gantry::up
