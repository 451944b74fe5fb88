#include "base/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace gantry {
namespace {

// Bit by bit, as the standards define it.
std::uint32_t slowly(std::string_view bytes, std::uint32_t reflected_polynomial) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? reflected_polynomial : 0);
  }
  return ~crc;
}

TEST(Checksum, GivenTheCheckValuesOfTheStandardsThenTheyAreMet) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32(""), 0u);
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720 B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Checksum, GivenBytesInPiecesThenItIsThatOfTheWhole) {
  std::mt19937 random(7);
  for (const std::size_t size : {1u, 7u, 64u, 255u, 4096u, 70'001u}) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(crc32(bytes), slowly(bytes, 0xedb88320)) << size;
    EXPECT_EQ(crc32c(bytes), slowly(bytes, 0x82f63b78)) << size;
    const std::size_t cut = random() % (size + 1);
    const std::string_view all = bytes;
    EXPECT_EQ(crc32(all.substr(cut), crc32(all.substr(0, cut))), crc32(all)) << size << " at " << cut;
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all)) << size << " at " << cut;
  }
}

}  // namespace
}  // namespace gantry
