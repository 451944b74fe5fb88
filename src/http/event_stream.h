// Server-Sent Events (WHATWG HTML, "Server-sent events"): one browser that listens. What is pushed is written as soon
// as it can be; a client that does not keep up is dropped at a limit and will connect again by itself.
// Every call is made on the server's io_context.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/stream.h"

namespace gantry::http {

class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  // By the server: takes a connection on which the request has been read. `head` is written first.
  EventStream(std::unique_ptr<Stream> stream, std::size_t unsent_bytes_max, std::chrono::milliseconds ping_interval);
  void start(std::string head);
  void refuse(std::string response);  // instead of start(): writes it and closes
  void on_ended(std::function<void()> callback) { on_ended_ = std::move(callback); }

  // event: its name, one line; data: any text, its lines are framed. False: the stream is closed.
  bool push(std::string_view event, std::string_view data);
  bool is_open() const { return open_; }
  void on_closed(std::function<void()> callback) { on_closed_ = std::move(callback); }
  void close();

 private:
  bool write(std::string_view text);
  void flush();
  void watch();
  void ping();

  std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer timer_;
  std::size_t unsent_bytes_max_;
  std::chrono::milliseconds ping_interval_;
  std::string unsent_;
  std::string in_flight_;
  bool open_ = true;
  bool closing_ = false;  // closes when all is written
  char ignored_[64];
  std::function<void()> on_ended_;   // the server's
  std::function<void()> on_closed_;  // the application's
};

// All who listen to one thing.
class Broadcast {
 public:
  void add(std::shared_ptr<EventStream> stream) { streams_.push_back(std::move(stream)); }
  void push(std::string_view event, std::string_view data);  // forgets closed ones
  std::size_t size() const { return streams_.size(); }

 private:
  std::vector<std::shared_ptr<EventStream>> streams_;
};

// One event as text.
std::string format_event(std::string_view event, std::string_view data);

}  // namespace gantry::http
