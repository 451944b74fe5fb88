#include "net/io_thread.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

namespace gantry::net {

IoThread::IoThread(std::string name) : name_(std::move(name)) {}

IoThread::~IoThread() { stop(); }

void IoThread::start() {
  if (thread_.joinable()) return;
  io_.restart();
  work_.emplace(io_.get_executor());
  std::promise<void> running;  // is_here() compares with thread_, which must be assigned before anything runs
  auto may_run = running.get_future();
  thread_ = std::thread([this, may_run = std::move(may_run)]() mutable {
    may_run.wait();
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        // a handler of a component let it out: that is a fault of ours, but no reason to take the others down
        spdlog::error("{}: a handler threw: {}", name_, error.what());
      }
    }
  });
  running.set_value();
}

void IoThread::stop() {
  if (!thread_.joinable()) return;
  work_.reset();
  io_.stop();
  thread_.join();
}

}  // namespace gantry::net
