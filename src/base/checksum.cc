#include "base/checksum.h"

#include <isa-l/crc.h>

namespace gantry {

namespace {
constexpr std::size_t kPieceBytes = 1u << 30;  // the length that crc32_iscsi takes is an int
}

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
  return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  unsigned int crc = ~before;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    bytes.remove_prefix(piece.size());
    // it does not write to what it takes as not const
    crc = crc32_iscsi(const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data())),
                      static_cast<int>(piece.size()), crc);
  }
  return ~crc;
}

}  // namespace gantry
