#include "rocketmq/message_workers.h"

#include <utility>

#include "net/spawn.h"

namespace gantry::rocketmq {

namespace asio = boost::asio;

Error caught(const std::string& what) {
  std::string why = "an exception of an unknown kind";
  try {
    throw;
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
  }
  return Error{Errc::internal, fmt::format("{}: {}", what, why)};
}

// Whatever way the handling of a message ends, stop() must not wait for it any more.
class MessageWorkers::AtWork {
 public:
  explicit AtWork(MessageWorkers& workers) : workers_(workers) { ++workers_.at_work_; }
  ~AtWork() {
    if (--workers_.at_work_ == 0) workers_.idle_.notify();
  }
  AtWork(const AtWork&) = delete;

 private:
  MessageWorkers& workers_;
};

MessageWorkers::MessageWorkers(asio::io_context& io, std::string group, Handler handler, Take take,
                               std::function<void(const Error&)> failed)
    : io_(io),
      group_(std::move(group)),
      handler_(std::move(handler)),
      take_(std::move(take)),
      failed_(std::move(failed)),
      idle_(io) {}

void MessageWorkers::start(int concurrency, std::shared_ptr<void> owner) {
  for (int i = 0; i < concurrency; ++i) {
    workers_.push_back(std::make_shared<Wakeup>(io_));
    net::spawn(io_, "a worker of the consumer in group " + group_,
               [this, owner, wakeup = workers_.back()] { return work(wakeup); });
  }
}

void MessageWorkers::wake() {
  for (const auto& wakeup : workers_) wakeup->notify();
}

asio::awaitable<void> MessageWorkers::work(std::shared_ptr<Wakeup> wakeup) {
  while (!holding_) {
    std::optional<Task> task = take_();
    if (!task) {
      co_await wakeup->wait(kUntilWoken);
      continue;
    }
    co_await handle(std::move(*task));
  }
}

asio::awaitable<void> MessageWorkers::handle(Task task) {
  const AtWork at_work(*this);
  const std::string id = task.message.message_id;
  Outcome outcome = Outcome::retry;
  try {
    outcome = co_await handler_(task.message);
  } catch (...) {
    failed_(caught("handler of message " + id));
  }
  // it calls back to the user as well
  try {
    co_await task.settle(std::move(task.message), outcome);
  } catch (...) {
    failed_(caught("acknowledgement of message " + id));
  }
}

asio::awaitable<void> MessageWorkers::stop() {
  hold();
  wake();
  while (at_work_ > 0) co_await idle_.wait(kUntilWoken);
}

}  // namespace gantry::rocketmq
