// A number that one thread counts up and others may read meanwhile: as cheap as a plain one, since nobody else writes it.
#pragma once

#include <atomic>
#include <cstdint>

namespace gantry::controller {

class RelaxedCounter {
 public:
  RelaxedCounter& operator+=(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    return *this;
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace gantry::controller
