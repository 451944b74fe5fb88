// Ends a process on SIGINT or SIGTERM within a bound: the first signal starts the orderly way, and when that has not
// ended the io_context in time, or a second signal comes (100 ms or more after the first), the io_context is stopped. A
// loop that does not even get there (it waits for a disk that hangs) has a second more, then the process ends as forced.
#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace gantry::net {

class Shutdown {
 public:
  // on_signal runs on `io` at the first signal, with the signal's number; it begins to stop everything and should let
  // `io` run out of work or stop it. `bound` counts from that signal.
  Shutdown(boost::asio::io_context& io, std::function<void(int signal)> on_signal,
           std::chrono::milliseconds bound = std::chrono::milliseconds(2'000));
  ~Shutdown();  // no longer listens; signals have their default effect again
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  int signal() const;   // the first one received; 0: none
  bool forced() const;  // the orderly way did not end: a second signal or the bound stopped the io_context
  void finish();        // everything has stopped: no need to wait for the bound, the io_context can run out of work

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gantry::net
