// The newest records of the log, in memory: a ring of bytes into which records are encoded in place, and from which
// consumers that keep up are served without asking RocksDB. Offsets into the ring only grow; a record never wraps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace gantry::store {

class TailCache {
 public:
  // bytes: of the ring; the memory is touched, and so becomes resident, only as records come.
  explicit TailCache(std::size_t bytes) : bytes_(bytes), ring_(new char[bytes]) {}

  struct Slot {
    std::uint64_t position = 0;  // of the record in the endless ring
    char* bytes = nullptr;
  };

  // Room for one record of at most size() bytes. Whatever lies before oldest() afterwards is overwritten.
  Slot reserve(std::size_t record_bytes) {
    std::uint64_t position = end_;
    const std::size_t at = position % bytes_;
    if (at + record_bytes > bytes_) position += bytes_ - at;  // a hole at the end of the ring
    end_ = position + record_bytes;
    return {position, ring_.get() + position % bytes_};
  }

  std::uint64_t oldest() const { return end_ > bytes_ ? end_ - bytes_ : 0; }
  const char* at(std::uint64_t position) const { return ring_.get() + position % bytes_; }
  std::size_t size() const { return bytes_; }

 private:
  std::size_t bytes_;
  std::unique_ptr<char[]> ring_;
  std::uint64_t end_ = 0;
};

}  // namespace gantry::store
