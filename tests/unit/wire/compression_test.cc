#include "wire/compression.h"

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"

namespace gantry::wire {
namespace {

constexpr Compression kAll[] = {Compression::lz4, Compression::zstd, Compression::zlib};

TEST(Compression, GivenABodyWhenCompressedAndDecompressedThenItIsTheSame) {
  for (Compression compression : kAll) {
    for (std::size_t bytes : {0, 1, 100, 4096, 300000}) {
      std::string body(bytes, 'a');
      for (std::size_t i = 0; i < bytes; i += 7) body[i] = static_cast<char>(i * 131);
      const std::string small = compress(compression, body).value();
      EXPECT_EQ(decompress(compression, small, bytes).value(), body);
      EXPECT_EQ(decompress(compression, small, static_cast<std::size_t>(-1)).value(), body);
      if (bytes > 0) {
        EXPECT_EQ(decompress(compression, small, bytes - 1).error().code, Errc::resource_exhausted);
      }
      EXPECT_EQ(decompress(compression, small.substr(0, small.size() - 1), bytes).error().code, Errc::corrupt);
    }
  }
}

TEST(Compression, GivenAMillionZerosInAThousandBytesWhenDecompressedThenTheLimitStopsThem) {
  for (Compression compression : kAll) {
    const std::string bomb = compress(compression, std::string(10'000'000, '\0')).value();
    EXPECT_EQ(decompress(compression, bomb, 100'000).error().code, Errc::resource_exhausted);
  }
}

TEST(Compression, GivenGarbageWhenDecompressedThenItIsCorrupt) {
  for (Compression compression : kAll) {
    for (const char* garbage : {"", "x", "this is not compressed at all"}) {
      EXPECT_EQ(decompress(compression, garbage, 1000).error().code, Errc::corrupt);
    }
  }
}

TEST(Compression, GivenALevelThatALibraryRefusesWhenCompressedThenItSaysSo) {
  EXPECT_EQ(compress(Compression::zlib, "body", 77).error().code, Errc::internal);
}

TEST(Compression, GivenASysFlagThenItsBitsNameTheType) {
  EXPECT_EQ(with_compression(0x10, Compression::lz4), 0x111);
  EXPECT_EQ(with_compression(0x111, Compression::zstd), 0x211);
  EXPECT_EQ(with_compression(0, Compression::zlib), 0x301);
  EXPECT_EQ(without_compression(0x311), 0x10);
  EXPECT_TRUE(is_compressed(0x1));
  EXPECT_FALSE(is_compressed(0x300));
  EXPECT_EQ(compression_of(0x1).value(), Compression::zlib);
  EXPECT_EQ(compression_of(0x101).value(), Compression::lz4);
  EXPECT_EQ(compression_of(0x201).value(), Compression::zstd);
  EXPECT_EQ(compression_of(0x301).value(), Compression::zlib);
  EXPECT_EQ(compression_of(0x401).error().code, Errc::unimplemented);
}

}  // namespace
}  // namespace gantry::wire
