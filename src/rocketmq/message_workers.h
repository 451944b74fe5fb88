// The handlers of a consumer at work: message after message is taken from whoever holds some and handled, so many at
// the same time, until it is told to stop. What follows from an outcome (a commit, an acknowledgement, a sending back)
// is the business of who held the message.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "rocketmq/message.h"
#include "rocketmq/wakeup.h"

namespace gantry::rocketmq {

// In a catch block: what was caught there, as an error of `what`.
Error caught(const std::string& what);

// All calls on the thread of the io_context.
class MessageWorkers {
 public:
  using Handler = std::function<boost::asio::awaitable<Outcome>(const ReceivedMessage&)>;
  struct Task {
    ReceivedMessage message;
    std::function<boost::asio::awaitable<void>(ReceivedMessage, Outcome)> settle;  // counts as work as well
  };
  using Take = std::function<std::optional<Task>()>;  // empty: nothing is ready; wake() follows when something is

  MessageWorkers(boost::asio::io_context& io, std::string group, Handler handler, Take take,
                 std::function<void(const Error&)> failed);

  // owner: kept until the last worker has ended; all that the functions above refer to belongs to it.
  void start(int concurrency, std::shared_ptr<void> owner);
  void wake();
  // From this very moment no handler is started.
  void hold() { holding_ = true; }
  bool holding() const { return holding_; }
  // hold(), and waits for the handlers at work.
  boost::asio::awaitable<void> stop();

 private:
  class AtWork;

  boost::asio::awaitable<void> work(std::shared_ptr<Wakeup> wakeup);
  boost::asio::awaitable<void> handle(Task task);

  boost::asio::io_context& io_;
  std::string group_;
  Handler handler_;
  Take take_;
  std::function<void(const Error&)> failed_;  // a handler or a settling threw
  std::list<std::shared_ptr<Wakeup>> workers_;
  Wakeup idle_;
  bool holding_ = false;
  int at_work_ = 0;
};

}  // namespace gantry::rocketmq
