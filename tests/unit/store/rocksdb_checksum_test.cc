#include "store/rocksdb_checksum.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace gantry::store {
namespace {

TEST(RocksdbChecksum, GivenTheLibraryThenItsChecksumIsOurs) {
  use_fast_checksums();
  void* found = dlsym(RTLD_DEFAULT, "_ZN7rocksdb6crc32c6ExtendEjPKcm");
  ASSERT_NE(found, nullptr) << "RocksDB has no such function any more: see docs/adr/0002";
  Dl_info where{};
  ASSERT_NE(dladdr(found, &where), 0);
  EXPECT_THAT(where.dli_fname, testing::Not(testing::HasSubstr("librocksdb")));
  auto* extend = reinterpret_cast<std::uint32_t (*)(std::uint32_t, const char*, std::size_t)>(found);
  EXPECT_EQ(extend(0, "123456789", 9), 0xe3069283u);
}

// What the library's own function would have written: files of either are read by the other.
TEST(RocksdbChecksum, GivenTheLibrarysOwnFunctionThenItSaysTheSame) {
  void* library = dlopen("librocksdb.so.7.8", RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(library, nullptr);
  auto* own = reinterpret_cast<std::uint32_t (*)(std::uint32_t, const char*, std::size_t)>(
      dlsym(library, "_ZN7rocksdb6crc32c6ExtendEjPKcm"));
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own(0, "123456789", 9), 0xe3069283u);
  EXPECT_EQ(own(17, "some bytes", 10), reinterpret_cast<decltype(own)>(dlsym(
                                           RTLD_DEFAULT, "_ZN7rocksdb6crc32c6ExtendEjPKcm"))(17, "some bytes", 10));
  dlclose(library);
}

}  // namespace
}  // namespace gantry::store
