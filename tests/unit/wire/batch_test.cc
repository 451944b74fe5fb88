#include "wire/batch.h"

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"

namespace gantry::wire {
namespace {

TEST(Batch, GivenMessagesWhenEncodedThenTheBytesAreThoseOfMessageDecoder) {
  Message message{.topic = "T", .flag = 1, .body = "hi", .properties = {}};
  message.properties.add("K", "v");
  const std::string body = encode_batch(std::vector{message}).value();
  EXPECT_EQ(hex_of(body), hex_of(bytes_of("0000001c 00000000 00000000 00000001 00000002 6869 0004 4b017602")));
}

TEST(Batch, GivenABatchWhenDecodedThenEveryEntryIsAView) {
  std::vector<Message> messages(3);
  messages[1].body = "one";
  messages[1].properties.add("K", "v");
  messages[2].flag = -2;
  const std::string body = encode_batch(messages).value();
  auto entries = decode_batch(body).value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0], BatchEntry{});
  EXPECT_EQ(entries[1], (BatchEntry{0, "one", "K\x01v\x02"}));
  EXPECT_EQ(entries[2].flag, -2);
  EXPECT_TRUE(decode_batch("").value().empty());
  EXPECT_EQ(decode_batch(body, 2).error().code, Errc::resource_exhausted);
}

TEST(Batch, GivenLengthsThatDoNotAddUpWhenDecodedThenItIsCorrupt) {
  const char* cases[] = {"00",
                         "0000001c",
                         "00000004",
                         "ffffffff",
                         "00000016 00000000 00000000 00000001 00000001 0000",     // body beyond the entry
                         "00000017 00000000 00000000 00000001 00000000 0000 00",  // a byte too many
                         "00000016 00000000 00000000 00000001 00000000 ffff"};
  for (const char* hex : cases) {
    auto entries = decode_batch(bytes_of(hex));
    ASSERT_FALSE(entries) << hex;
    EXPECT_EQ(entries.error().code, Errc::corrupt) << hex;
  }
}

TEST(Batch, GivenPropertiesThatCannotBeWrittenWhenEncodedThenItFails) {
  Message message;
  message.properties.add("", "v");
  EXPECT_FALSE(encode_batch(std::vector{message}));
  std::string out;
  const std::string long_properties(40000, 'p');
  EXPECT_EQ(encode_batch_entry({0, "", long_properties}, out).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gantry::wire
