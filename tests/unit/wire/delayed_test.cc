#include "wire/bodies/delayed.h"

#include <gtest/gtest.h>

namespace gantry::wire {
namespace {

TEST(DelayedBodies, GivenWhatAJavaBrokerSaysOfItsTimersThenTheyAreRead) {
  const auto body = decode_body<TimerMetrics>(
      R"({"dataVersion":{"counter":5,"stateVersion":0,"timestamp":17},"timingCount":{"orders":{"count":3,"timeStamp":1795370057583},"old":{"count":-1,"timeStamp":0}}})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->data_version.counter, 5);
  EXPECT_EQ(body->timing_count.at("orders"), (TimerMetric{3, 1795370057583}));
  EXPECT_EQ(body->timing_count.at("old").count, -1);
  EXPECT_EQ(decode_body<TimerMetrics>(encode_body(*body)), *body);
}

TEST(DelayedBodies, GivenWhatAJavaBrokerSaysOfItsDelayLevelsThenTheyAreRead) {
  // levels come without quotes
  const auto body = decode_body<DelayOffsets>(
      R"({"dataVersion":{"counter":0,"stateVersion":0,"timestamp":1},"offsetTable":{3:7,18:0}})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->offset_table, (std::map<std::int32_t, std::int64_t>{{3, 7}, {18, 0}}));
  EXPECT_EQ(decode_body<DelayOffsets>(encode_body(*body)), *body);
}

TEST(DelayedBodies, GivenNothingOrNonsenseThenNothingOrAnError) {
  EXPECT_TRUE(decode_body<TimerMetrics>("{}")->timing_count.empty());
  EXPECT_TRUE(decode_body<DelayOffsets>("{}")->offset_table.empty());
  for (const char* bad : {"", "[]", R"({"timingCount":{"t":{}}})", R"({"timingCount":{"t":{"count":"x"}}})"}) {
    EXPECT_FALSE(decode_body<TimerMetrics>(bad)) << bad;
  }
  for (const char* bad : {"", "[]", R"({"offsetTable":{"x":1}})", R"({"offsetTable":{3:"x"}})"}) {
    EXPECT_FALSE(decode_body<DelayOffsets>(bad)) << bad;
  }
}

}  // namespace
}  // namespace gantry::wire
