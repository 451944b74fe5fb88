#include "remoting/read_buffer.h"

#include <algorithm>
#include <cstring>

namespace gantry::remoting {

namespace {
constexpr std::size_t kSmallBytes = 4 * 1024;  // what a connection with part of a small frame keeps
}  // namespace

std::unique_ptr<char[]> BufferPool::take() {
  if (spares_.empty()) return std::make_unique_for_overwrite<char[]>(kBytes);
  auto memory = std::move(spares_.back());
  spares_.pop_back();
  return memory;
}

void BufferPool::give(std::unique_ptr<char[]> memory) {
  if (spares_.size() < kSparesMax) spares_.push_back(std::move(memory));
}

std::span<char> ReadBuffer::prepare(std::size_t whole) {
  if (capacity_ == 0) {
    memory_ = pool_->take();
    capacity_ = BufferPool::kBytes;
  }
  const std::size_t held = end_ - begin_;
  if (begin_ > 0 && (begin_ + whole > capacity_ || end_ == capacity_)) {
    std::memmove(memory_.get(), memory_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  if (capacity_ < BufferPool::kBytes) {
    move_to(pool_->take(), BufferPool::kBytes);
  } else if (end_ == capacity_) {
    const std::size_t doubled = capacity_ * 2;
    const std::size_t needed = std::max(whole, held + 1);
    const std::size_t grown = std::max(std::min(doubled, needed), held + 1);
    move_to(std::make_unique_for_overwrite<char[]>(grown), grown);
  }
  return {memory_.get() + end_, capacity_ - end_};
}

void ReadBuffer::trim() {
  const std::size_t held = end_ - begin_;
  if (held == 0) {
    release();
  } else if (held <= kSmallBytes / 2 && capacity_ > kSmallBytes) {
    move_to(std::make_unique_for_overwrite<char[]>(kSmallBytes), kSmallBytes);
  }
}

void ReadBuffer::move_to(std::unique_ptr<char[]> memory, std::size_t capacity) {
  const std::size_t held = end_ - begin_;
  std::memcpy(memory.get(), memory_.get() + begin_, held);
  release();
  memory_ = std::move(memory);
  capacity_ = capacity;
  end_ = held;
}

void ReadBuffer::release() {
  if (capacity_ == BufferPool::kBytes) pool_->give(std::move(memory_));
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace gantry::remoting
