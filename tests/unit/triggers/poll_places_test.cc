#include "triggers/poll_places.h"

#include <gtest/gtest.h>

namespace gantry::triggers {
namespace {

TEST(PollPlaces, GivenSeveralBrokersThenEachHasAllPlacesOfItsConnections) {
  PollPlaces places(2, 3);
  for (const char* broker : {"a:10911", "b:10911"}) {
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(places.take(broker), i / 2) << broker;
    EXPECT_EQ(places.take(broker), std::nullopt) << broker;
  }
  EXPECT_EQ(places.taken(), 12U);
  places.give_back(1, "a:10911");
  EXPECT_EQ(places.take("b:10911"), std::nullopt);
  EXPECT_EQ(places.take("a:10911"), 1U);
}

}  // namespace
}  // namespace gantry::triggers
