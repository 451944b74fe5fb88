#include "wire/bodies/consumer_offsets.h"

#include <gtest/gtest.h>

namespace gantry::wire {
namespace {

TEST(ConsumerOffsetsBody, GivenWhatAJavaBrokerStoresThenItsOffsetsAreRead) {
  // queue ids come without quotes, and members that nobody asked for come too
  const auto body = decode_body<ConsumerOffsets>(
      R"({"dataVersion":{"counter":3,"stateVersion":0,"timestamp":17},"offsetTable":{"t@g":{0:5,3:0},"%RETRY%g@g":{0:1}},"pullOffsetTable":{}})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->offset_table.size(), 2U);
  EXPECT_EQ(body->offset_table.at("t@g"), (std::map<std::int32_t, std::int64_t>{{0, 5}, {3, 0}}));
  EXPECT_EQ(decode_body<ConsumerOffsets>(encode_body(*body)), *body);
}

TEST(ConsumerOffsetsBody, GivenNothingOrNonsenseThenNoOffsetsOrAnError) {
  EXPECT_TRUE(decode_body<ConsumerOffsets>("{}")->offset_table.empty());
  for (const char* bad : {"", "[]", R"({"offsetTable":{"t@g":{"x":1}}})", R"({"offsetTable":{"t@g":{0:"x"}}})"}) {
    EXPECT_FALSE(decode_body<ConsumerOffsets>(bad)) << bad;
  }
}

}  // namespace
}  // namespace gantry::wire
