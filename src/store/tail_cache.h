// The newest entries of the log, in memory, from which consumers that keep up are served without asking the disk, and
// from which the log file is written: an entry is encoded in place and not copied again. Memory comes in chunks that an
// entry never crosses; the oldest chunk is used again when it is beyond the cache's size, but not before it was written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

namespace gantry::store {

class TailCache {
 public:
  // bytes: that are kept. More only while they are not written, which the commit bounds.
  explicit TailCache(std::size_t bytes)
      : bytes_(bytes), chunk_bytes_(std::clamp<std::size_t>(bytes / 8, 256, 1024 * 1024)) {}

  // Room for `bytes`, the same until it is taken. What is older than oldest_chunk() afterwards is gone.
  char* reserve(std::size_t bytes) {
    if (chunks_.empty() || chunks_.back().size - used_ < bytes) begin_chunk(bytes);
    return chunks_.back().bytes.get() + used_;
  }
  void take(std::size_t bytes) { used_ += bytes; }

  // Chunks are numbered in order; entries are taken from the newest.
  std::uint64_t newest_chunk() const { return oldest_ + chunks_.size() - 1; }
  std::uint64_t oldest_chunk() const { return oldest_; }
  // Chunks from this one on are not written yet, or UINT64_MAX: all are.
  void keep_from(std::uint64_t chunk) { unwritten_ = chunk; }

  // Forgets all. Nothing may be about to be written.
  void clear() {
    oldest_ += chunks_.size();
    chunks_.clear();
    held_ = used_ = 0;
    unwritten_ = UINT64_MAX;
  }

  std::size_t bytes_held() const { return held_; }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  void begin_chunk(std::size_t bytes) {
    const std::size_t size = std::max(bytes, chunk_bytes_);
    Chunk chunk;
    while (!chunks_.empty() && held_ + size > bytes_ && oldest_ < unwritten_) {
      held_ -= chunks_.front().size;
      if (chunks_.front().size == size) chunk = std::move(chunks_.front());
      chunks_.pop_front();
      ++oldest_;
    }
    if (!chunk.bytes) chunk = {std::unique_ptr<char[]>(new char[size]), size};
    held_ += size;
    chunks_.push_back(std::move(chunk));
    used_ = 0;
  }

  std::size_t bytes_;
  std::size_t chunk_bytes_;
  std::deque<Chunk> chunks_;
  std::uint64_t oldest_ = 0;  // number of chunks_.front()
  std::uint64_t unwritten_ = UINT64_MAX;
  std::size_t held_ = 0;
  std::size_t used_ = 0;  // of chunks_.back()
};

}  // namespace gantry::store
