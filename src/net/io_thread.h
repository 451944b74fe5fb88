// An io_context with a thread of its own: the place where a component lives. What belongs to the component is touched
// only there, so it needs no locks; other threads come in by post() and call().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace gantry::net {

class IoThread {
 public:
  explicit IoThread(std::string name);  // shown by ps -L and debuggers; at most 15 characters of it
  ~IoThread();                          // stop()
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  void start();  // idempotent
  // Ends the thread as soon as the function that it runs returns; what is queued is dropped. Idempotent. Not to be
  // called on the thread itself, nor while another thread waits in call() or await().
  void stop();

  boost::asio::io_context& io() { return io_; }
  bool is_here() const { return std::this_thread::get_id() == thread_.get_id(); }

  template <class Function>
  void post(Function&& function) {
    boost::asio::post(io_, std::forward<Function>(function));
  }

  // Runs `function` on the thread and returns its result, waiting for it. On the thread itself it just runs it. The
  // thread must have been started; what the function throws is thrown here.
  template <class Function>
  std::invoke_result_t<Function> call(Function&& function) {
    if (is_here()) return function();
    std::packaged_task<std::invoke_result_t<Function>()> task(std::forward<Function>(function));
    auto result = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return result.get();
  }

  // As call, for a function that returns an awaitable<T>: runs the coroutine on the thread and returns its T. Not to
  // be called on the thread itself.
  template <class Function>
  auto await(Function&& function) -> typename std::invoke_result_t<Function>::value_type {
    using T = typename std::invoke_result_t<Function>::value_type;
    std::promise<T> promise;
    auto result = promise.get_future();
    boost::asio::co_spawn(
        io_, [&function]() -> std::invoke_result_t<Function> { return function(); }(),
        [&promise](std::exception_ptr error, auto... value) {
          if (error) {
            promise.set_exception(error);
          } else {
            promise.set_value(std::move(value)...);
          }
        });
    return result.get();
  }

 private:
  std::string name_;
  boost::asio::io_context io_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::thread thread_;
};

}  // namespace gantry::net
