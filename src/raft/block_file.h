// A file that is written in whole blocks, past the page cache where the file system allows it: a sync then has nothing to look
// for, and costs two thirds; and what is read is what the disk has, also after a sync that failed. One thread.
//
// Errors: resource_exhausted (the disk is full), unavailable; they name the file.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::raft {

class BlockFile {
 public:
  static constexpr std::size_t block_bytes = 4096;

  // A new file of `bytes` (a multiple of a block), which read as zeros; the room for them is taken.
  static Result<BlockFile> create(std::string path, std::uint64_t bytes);
  static Result<BlockFile> open(std::string path);
  BlockFile(BlockFile&& other) noexcept;
  BlockFile& operator=(BlockFile&& other) noexcept;
  ~BlockFile();

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  Result<void> rename(std::string path);  // not durable before sync_folder()
  // The bytes from `at` on, which need not be whole blocks; fewer where the file ends.
  Result<std::string> read(std::uint64_t at, std::size_t size) const;

  // Bytes that become blocks: memory as the disk wants it.
  class Blocks {
   public:
    char* data() { return memory_.get(); }
    void reserve(std::size_t bytes);  // what is in it stays
    std::size_t capacity() const { return capacity_; }

   private:
    struct Free {
      void operator()(char* memory) const { std::free(memory); }
    };
    std::unique_ptr<char, Free> memory_;
    std::size_t capacity_ = 0;
  };
  // The first `bytes` of blocks, to `at`; both are multiples of a block. Durable when it returns.
  Result<void> write_synced(std::uint64_t at, Blocks& blocks, std::size_t bytes);

 private:
  BlockFile(std::string path, int descriptor, std::uint64_t size);
  std::unexpected<Error> failed(std::string_view doing) const;

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace gantry::raft
