// Keeps a copy of a list of the API server up to date: lists it, watches from there, and lists again when what it knows is
// too old (410 Gone). What fails is tried again, with a pause that grows. The owner is told of what is to be kept and
// keeps no more of it than it needs. Lives on the io_context of its client.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kube_api/client.h"

namespace gantry::kube_api {

struct WatchOwner {
  std::function<void()> begin_list;                       // what comes until end_list replaces what was
  std::function<void(const boost::json::object&)> put;    // new or changed
  std::function<void(const boost::json::object&)> erase;  // gone
  std::function<void()> end_list;
};

struct WatchConfig {
  std::string path;
  ListOptions list;
  std::chrono::milliseconds retry_min{500}, retry_max{30'000};
};

class Watch {
 public:
  Watch(std::shared_ptr<Client> client, WatchConfig config, WatchOwner owner);
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void start();
  void stop();  // the owner is not called after it; idempotent

  // When the copy was last known to be what the server has; empty: never.
  std::optional<std::chrono::steady_clock::time_point> fresh_at() const;
  std::string last_error() const;  // empty: the watch is open

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;
};

}  // namespace gantry::kube_api
