// Takes the place of RocksDB's own CRC-32C, by the dynamic linker's rule that the executable's definition of an exported
// function comes first. Debian builds RocksDB for the oldest processor of the architecture, and so with a table of
// bytes: one third of the processor time of a send of 64 KiB went into it. The value is the same, so the files are; were
// the function to be renamed, RocksDB would use its own again. See docs/adr/0002.
#include "store/rocksdb_checksum.h"

#include <cstddef>
#include <cstdint>

#include "base/checksum.h"

namespace rocksdb::crc32c {

__attribute__((visibility("default"))) std::uint32_t Extend(std::uint32_t before, const char* bytes, std::size_t size) {
  return gantry::crc32c({bytes, size}, before);
}

}  // namespace rocksdb::crc32c

namespace gantry::store {

void use_fast_checksums() {}

}  // namespace gantry::store
