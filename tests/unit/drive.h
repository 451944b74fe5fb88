// Driving an io_context from the test's own thread: until a condition holds, or until a coroutine has ended. No second
// thread, no sleep.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <chrono>
#include <optional>

namespace gantry::test {

// False: the condition did not hold within the deadline. It is not asked again once it held.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition,
               std::chrono::milliseconds within = std::chrono::seconds(20)) {
  constexpr auto kLookAgain = std::chrono::milliseconds(10);  // for conditions that other processes make true
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (io.stopped()) io.restart();
    io.run_one_until(std::min(deadline, std::chrono::steady_clock::now() + kLookAgain));
  }
  return true;
}

// Runs a coroutine to its end and returns its result.
template <class T>
T await(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine) {
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    result.emplace(std::move(value));
  });
  EXPECT_TRUE(run_until(io, [&] { return result.has_value(); })) << "the coroutine did not end";
  return std::move(*result);
}

inline void await(boost::asio::io_context& io, boost::asio::awaitable<void> coroutine) {
  bool done = false;
  boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr) { done = true; });
  EXPECT_TRUE(run_until(io, [&] { return done; })) << "the coroutine did not end";
}

}  // namespace gantry::test
