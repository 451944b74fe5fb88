// Runs coroutines at the same time on one io_context and waits for all of them; requests that they make of one broker
// are pipelined on its connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "rocketmq/wakeup.h"

namespace gantry::rocketmq {

// Results in the order of the coroutines. T must not throw on moving. What a coroutine throws is thrown here, after all
// have ended.
template <class T>
boost::asio::awaitable<std::vector<T>> gather(boost::asio::io_context& io, std::vector<boost::asio::awaitable<T>> all) {
  struct State {
    explicit State(boost::asio::io_context& io) : done(io) {}
    std::vector<std::optional<T>> results;
    std::exception_ptr failed;
    std::size_t left = 0;
    Wakeup done;
  };
  auto state = std::make_shared<State>(io);
  state->results.resize(all.size());
  state->left = all.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    boost::asio::co_spawn(io, std::move(all[i]), [state, i](std::exception_ptr error, T value) {
      if (error) {
        state->failed = error;
      } else {
        state->results[i].emplace(std::move(value));
      }
      if (--state->left == 0) state->done.notify();
    });
  }
  while (state->left > 0) co_await state->done.wait(kUntilWoken);
  if (state->failed) std::rethrow_exception(state->failed);
  std::vector<T> results;
  results.reserve(state->results.size());
  for (auto& result : state->results) results.push_back(std::move(*result));
  co_return results;
}

}  // namespace gantry::rocketmq
