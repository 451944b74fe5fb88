// The bytes of one connection that are received but not yet cut into frames. It has no memory while nothing waits, so
// that idle connections are cheap: a fresh one takes its memory from a small pool that all connections share.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace gantry::remoting {

class BufferPool {
 public:
  static constexpr std::size_t kBytes = 64 * 1024;

  std::unique_ptr<char[]> take();
  void give(std::unique_ptr<char[]> memory);

 private:
  static constexpr std::size_t kSparesMax = 4;
  std::vector<std::unique_ptr<char[]>> spares_;
};

class ReadBuffer {
 public:
  explicit ReadBuffer(BufferPool& pool) : pool_(&pool) {}

  std::string_view view() const { return {memory_.get() + begin_, end_ - begin_}; }
  std::size_t capacity() const { return capacity_; }

  // Room to read into. `whole`: size of the frame at the front if known, else 0. Memory grows by doubling with what
  // has really come, never at once to what a length word only claims.
  std::span<char> prepare(std::size_t whole);
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  // Before waiting for more: gives back memory that is not needed to hold what is there.
  void trim();

 private:
  void move_to(std::unique_ptr<char[]> memory, std::size_t capacity);
  void release();

  BufferPool* pool_;
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace gantry::remoting
