#include "wire/header_binary.h"

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"
#include "wire/codes.h"

namespace gantry::wire {
namespace {

TEST(HeaderBinary, GivenTheLayoutOfTheJavaClassWhenReadAndWrittenThenBytesAndCommandAgree) {
  const std::string bytes = bytes_of(
      "0136 00 01df 0000000c 00000000"  // code 310, JAVA, version 479, opaque 12, flag 0
      "00000002 6869"                   // remark "hi"
      "00000013"                        // fields: 19 bytes
      "0001 61 00000001 70"             // a = p
      "0001 62 00000004 54657374");     // b = Test
  Command command;
  ASSERT_TRUE(decode_binary_header(bytes, {}, command));
  EXPECT_EQ(command.code, 310);
  EXPECT_EQ(command.language, (Language{0, {}}));
  EXPECT_EQ(command.version, 479);
  EXPECT_EQ(command.opaque, 12);
  EXPECT_EQ(command.remark, "hi");
  EXPECT_EQ(command.fields.get("a"), "p");
  EXPECT_EQ(command.fields.get("b"), "Test");
  std::string written;
  ASSERT_TRUE(encode_binary_header(command, written));
  EXPECT_EQ(hex_of(written), hex_of(bytes));
}

TEST(HeaderBinary, GivenThePopFamilyWhenCutTo16BitsThenTheCodesComeBack) {
  struct Case {
    std::int32_t code;
    std::int16_t on_the_wire;
  };
  const Case cases[] = {{request_code::kPopMessage, 3442},
                        {request_code::kAckMessage, 3443},
                        {request_code::kChangeMessageInvisibletime, 3445},
                        {request_code::kNotification, 3446},
                        {request_code::kPopRollback, 3448},
                        {request_code::kBatchAckMessage, 3543},
                        {request_code::kSendMessage, 10},
                        {-1, -1}};
  for (const Case& c : cases) {
    Command command = make_request(c.code);
    std::string bytes;
    ASSERT_TRUE(encode_binary_header(command, bytes)) << c.code;
    EXPECT_EQ(hex_of(bytes.substr(0, 2)), fmt::format("{:04x}", static_cast<std::uint16_t>(c.on_the_wire)));
    Command decoded;
    ASSERT_TRUE(decode_binary_header(bytes, {}, decoded));
    EXPECT_EQ(decoded.code, c.code);
    EXPECT_EQ(widen_request_code(c.on_the_wire), c.code);
  }
}

TEST(HeaderBinary, GivenAResponseWithSuchANumberWhenReadThenItIsLeftAlone) {
  Command command;
  command.code = 3442;
  command.flag = Command::kResponseFlag;
  std::string bytes;
  ASSERT_TRUE(encode_binary_header(command, bytes));
  Command decoded;
  ASSERT_TRUE(decode_binary_header(bytes, {}, decoded));
  EXPECT_EQ(decoded.code, 3442);
  std::string out;
  EXPECT_FALSE(encode_binary_header(make_request(3442), out)) << "would come back as 200050";
}

TEST(HeaderBinary, GivenLengthsThatDoNotFitWhenReadThenTheHeaderIsCorrupt) {
  const char* cases[] = {
      "",
      "0136 00 01df 0000000c",
      "0136 00 01df 0000000c 00000000 00000001 00000000",               // remark eats the length of the fields
      "0136 00 01df 0000000c 00000000 ffffffff 00000000",               // negative
      "0136 00 01df 0000000c 00000000 00000000 00000005",               // fields beyond the end
      "0136 00 01df 0000000c 00000000 00000000 00000000 00",            // a byte too many
      "0136 00 01df 0000000c 00000000 00000000 00000004 0001 61 00",    // field cut short
      "0136 00 01df 0000000c 00000000 00000000 00000006 ffff 00000000"  // negative key length
  };
  for (const char* hex : cases) {
    Command command;
    Result<void> result = decode_binary_header(bytes_of(hex), {}, command);
    ASSERT_FALSE(result) << hex;
    EXPECT_EQ(result.error().code, Errc::corrupt) << hex;
  }
}

TEST(HeaderBinary, GivenTooMuchWhenReadOrWrittenThenItIsRefused) {
  Command command;
  command.fields.add("a", "");
  command.fields.add("b", "");
  std::string bytes;
  ASSERT_TRUE(encode_binary_header(command, bytes));
  Command decoded;
  EXPECT_EQ(decode_binary_header(bytes, FrameLimits{.fields_max = 1}, decoded).error().code, Errc::resource_exhausted);
  command.fields.add(std::string(40000, 'k'), "v");
  EXPECT_EQ(encode_binary_header(command, bytes).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace gantry::wire
