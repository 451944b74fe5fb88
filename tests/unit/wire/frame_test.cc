#include "wire/frame.h"

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"
#include "wire/codes.h"

namespace gantry::wire {
namespace {

constexpr FrameLimits kLimits{};

std::string frame_of(std::string_view header, std::string_view body = {}, std::uint8_t kind = 0) {
  auto word = [](std::size_t n) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 0xff);
    return out;
  };
  std::string head = word(header.size());
  head[0] = static_cast<char>(kind);
  return word(4 + header.size() + body.size()) + head + std::string(header) + std::string(body);
}

Command sample(Serialization serialization) {
  Command command = make_request(request_code::kSendMessageV2);
  command.serialization = serialization;
  command.opaque = 77;
  command.remark = "a \"remark\"\n";
  command.fields.add("a", "producers");
  command.fields.add("i", std::string("KEYS\x01k1\x02UNIQ_KEY\x01"
                                      "7F\x02"));
  command.fields.add("ü", "日本 \xF0\x9F\x98\x80");
  command.body = std::string("\x00\x01\xff body", 8);
  return command;
}

TEST(Frame, GivenACommandWhenEncodedAndDecodedThenItIsTheSameInBothForms) {
  for (Serialization serialization : {Serialization::json, Serialization::rocketmq}) {
    const Command command = sample(serialization);
    std::string bytes = "before";
    ASSERT_TRUE(encode_frame(command, bytes));
    bytes.erase(0, 6);
    EXPECT_EQ(frame_size(bytes, kLimits).value(), bytes.size());
    Command decoded = decode_frame(bytes, kLimits).value();
    EXPECT_EQ(decoded.code, command.code);
    EXPECT_EQ(decoded.language, command.language);
    EXPECT_EQ(decoded.version, command.version);
    EXPECT_EQ(decoded.opaque, command.opaque);
    EXPECT_EQ(decoded.flag, command.flag);
    EXPECT_EQ(decoded.remark, command.remark);
    EXPECT_EQ(decoded.fields, command.fields);
    EXPECT_EQ(decoded.serialization, serialization);
    EXPECT_EQ(decoded.body, command.body);
  }
}

TEST(Frame, GivenAHeadWithoutItsBodyWhenTheBodyFollowsThenTheWholeIsTheSameFrame) {
  Command command = sample(Serialization::json);
  std::string whole;
  ASSERT_TRUE(encode_frame(command, whole));
  std::string head;
  ASSERT_TRUE(encode_frame_head(command, command.body.size(), head));
  EXPECT_EQ(head + command.body, whole);
}

TEST(Frame, GivenTheFirstBytesOfAFrameThenItsSizeIsKnownAsSoonAsTheLengthIs) {
  std::string bytes;
  ASSERT_TRUE(encode_frame(sample(Serialization::json), bytes));
  for (std::size_t n : {0, 1, 3}) EXPECT_EQ(frame_size(bytes.substr(0, n), kLimits).value(), std::nullopt);
  for (std::size_t n : {4, 7, 8, 20}) EXPECT_EQ(frame_size(bytes.substr(0, n), kLimits).value(), bytes.size());
}

TEST(Frame, GivenLengthsThatCannotBeWhenLookedAtThenTheConnectionIsToBeClosed) {
  struct Case {
    const char* hex;
    Errc code;
  };
  const Case cases[] = {
      {"00000003", Errc::corrupt},
      {"ffffffff", Errc::corrupt},
      {"80000000 00000000", Errc::corrupt},
      {"01000001", Errc::resource_exhausted},           // 16 MiB + 1
      {"47455420 2f204854", Errc::resource_exhausted},  // "GET / HT"
      {"00000010 0000000d", Errc::corrupt},             // the header would be longer than the frame
      {"00000010 02000001", Errc::corrupt},             // unknown serialization
      {"00100000 00040001", Errc::resource_exhausted},  // header over 256 KiB
  };
  for (const Case& c : cases) {
    auto size = frame_size(bytes_of(c.hex), kLimits);
    ASSERT_FALSE(size) << c.hex;
    EXPECT_EQ(size.error().code, c.code) << c.hex;
    EXPECT_FALSE(decode_frame(bytes_of(c.hex), kLimits));
  }
}

TEST(Frame, GivenLessOrMoreThanOneFrameWhenDecodedThenItIsRefused) {
  std::string bytes;
  ASSERT_TRUE(encode_frame(sample(Serialization::json), bytes));
  EXPECT_EQ(decode_frame(bytes.substr(0, bytes.size() - 1), kLimits).error().code, Errc::corrupt);
  EXPECT_EQ(decode_frame(bytes + "x", kLimits).error().code, Errc::corrupt);
  EXPECT_EQ(decode_frame(bytes_of("00000004 00"), kLimits).error().code, Errc::corrupt);
  EXPECT_EQ(decode_frame(bytes_of("0000"), kLimits).error().code, Errc::corrupt);
}

TEST(Frame, GivenAHeaderThatDoesNotParseWhenDecodedThenTheErrorSaysWhere) {
  auto command = decode_frame(frame_of("{\"code\":x}"), kLimits);
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().message, "JSON header: expected an integer in range at byte 9");
}

TEST(Frame, GivenWhatCannotBeExpressedWhenEncodedThenNothingIsWritten) {
  std::string out = "kept";
  Command command;
  EXPECT_FALSE(encode_frame_head(command, std::size_t{1} << 31, out));
  command.fields.add("x", std::string(17 * 1024 * 1024, 'x'));  // the header length has 24 bits
  EXPECT_EQ(encode_frame(command, out).error().code, Errc::invalid_argument);
  Command wide = make_request(70000);
  wide.serialization = Serialization::rocketmq;
  EXPECT_FALSE(encode_frame(wide, out));
  EXPECT_EQ(out, "kept");
}

TEST(Command, GivenARequestWhenAnsweredThenTheAnswerFindsItsWayBack) {
  Command request = make_request(request_code::kHeartBeat);
  request.opaque = 9;
  request.serialization = Serialization::rocketmq;
  Command response = make_response(request, response_code::kSystemError, "no");
  EXPECT_TRUE(response.is_response());
  EXPECT_FALSE(response.is_oneway());
  EXPECT_FALSE(request.is_response());
  EXPECT_EQ(response.opaque, 9);
  EXPECT_EQ(response.serialization, Serialization::rocketmq);
  EXPECT_EQ(response.remark, "no");
}

TEST(Fields, GivenAKeyThatComesTwiceThenTheFirstCounts) {
  Fields fields;
  EXPECT_TRUE(fields.empty());
  fields.add("a", "1");
  fields.add("a", "2");
  EXPECT_EQ(fields.get("a"), "1");
  EXPECT_EQ(fields.get("b", "none"), "none");
  EXPECT_EQ(fields.find("b"), nullptr);
  fields.set("a", "3");
  fields.set("b", "4");
  EXPECT_EQ(fields.get("a"), "3");
  EXPECT_EQ(fields.get("b"), "4");
  fields.erase("a");
  EXPECT_EQ(fields.size(), 1U);
}

}  // namespace
}  // namespace gantry::wire
