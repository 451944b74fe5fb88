#include "rpc/framing.h"

#include <gtest/gtest.h>

#include <vector>

#include "rpc/status.h"

namespace gantry::rpc {
namespace {

using std::string_literals::operator""s;

// All messages that come out when `bytes` come in, in pieces of that size.
std::vector<std::string> messages(const std::string& bytes, std::size_t piece, std::size_t bytes_max = 1'000) {
  MessageReader reader(bytes_max);
  std::vector<std::string> all;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.add(std::string_view(bytes).substr(at, piece));
    while (true) {
      auto message = reader.next();
      EXPECT_TRUE(message) << message.error().message;
      if (!message || !*message) break;
      all.push_back(std::move(**message));
    }
  }
  EXPECT_TRUE(reader.empty());
  return all;
}

TEST(Framing, GivenPiecesOfAnySizeThenMessagesComeOutWhole) {
  const std::vector<std::string> sent = {"", "a", std::string(300, 'x'), "\0\1\2"s};
  std::string bytes;
  for (const auto& message : sent) bytes += frame_message(message);
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(messages(bytes, piece), sent) << piece;
}

TEST(Framing, GivenALengthThenItStandsInFourBytesBigEndian) {
  EXPECT_EQ(frame_message(std::string(0x0102, 'x')).substr(0, 5), "\0\0\0\1\2"s);
}

TEST(Framing, GivenAMessageThatIsTooLargeThenItIsRefusedByItsPrefixAlone) {
  MessageReader reader(10);
  reader.add("\0\0\0\0\x0b"s);
  const auto message = reader.next();
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, Errc::resource_exhausted);
  EXPECT_EQ(message.error().message, "a message of 11 bytes is larger than 10, the most that is taken");
}

TEST(Framing, GivenACompressedMessageThenItIsRefused) {
  MessageReader reader(10);
  reader.add("\1\0\0\0\1x"s);
  EXPECT_EQ(reader.next().error().code, Errc::unimplemented);
}

TEST(Framing, GivenLessThanAPrefixThenThereIsNoMessageYet) {
  MessageReader reader(10);
  reader.add("\0\0\0\0"s);
  EXPECT_EQ(*reader.next(), std::nullopt);
  EXPECT_FALSE(reader.empty());
  EXPECT_EQ(reader.pending_bytes(), 4u);
}

TEST(GrpcStatus, GivenAMessageThenOnlyPrintableAsciiGoesIntoTheHeader) {
  EXPECT_EQ(encode_message("lag is unknown"), "lag is unknown");
  EXPECT_EQ(encode_message("100 %\n\xc3\xa4"), "100 %25%0A%C3%A4");
  EXPECT_EQ(encode_message(std::string(10, '\n'), 8), "%0A%0A");
}

TEST(GrpcStatus, GivenOurErrorsThenEachHasItsCode) {
  const std::pair<Errc, Code> rows[] = {
      {Errc::invalid_argument, Code::invalid_argument},
      {Errc::not_found, Code::not_found},
      {Errc::already_exists, Code::already_exists},
      {Errc::unavailable, Code::unavailable},
      {Errc::timeout, Code::deadline_exceeded},
      {Errc::permission_denied, Code::permission_denied},
      {Errc::unauthenticated, Code::unauthenticated},
      {Errc::resource_exhausted, Code::resource_exhausted},
      {Errc::corrupt, Code::data_loss},
      {Errc::unimplemented, Code::unimplemented},
      {Errc::cancelled, Code::cancelled},
      {Errc::internal, Code::internal},
  };
  for (const auto& [error, code] : rows) EXPECT_EQ(to_status({error, "x"}).code, code);
}

}  // namespace
}  // namespace gantry::rpc
