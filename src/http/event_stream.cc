#include "http/event_stream.h"

#include <spdlog/spdlog.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace gantry::http {

namespace asio = boost::asio;
using boost::system::error_code;

EventStream::EventStream(std::unique_ptr<Stream> stream, std::size_t unsent_bytes_max,
                         std::chrono::milliseconds ping_interval)
    : stream_(std::move(stream)),
      timer_(stream_->get_executor()),
      unsent_bytes_max_(unsent_bytes_max),
      ping_interval_(ping_interval) {}

void EventStream::start(std::string head) {
  if (!open_) return;
  unsent_.insert(0, head);  // what the handler has pushed already comes after it
  watch();
  ping();
  flush();
}

void EventStream::refuse(std::string response) {
  if (!open_) return;
  closing_ = true;
  unsent_ = std::move(response);
  ping();  // closes at the latest then
  flush();
}

bool EventStream::push(std::string_view event, std::string_view data) { return write(format_event(event, data)); }

bool EventStream::write(std::string_view text) {
  if (!open_ || closing_) return false;
  if (unsent_.size() + in_flight_.size() + text.size() > unsent_bytes_max_) {
    spdlog::info("dropped a listener of events that does not keep up: {} bytes wait",
                 unsent_.size() + in_flight_.size());
    close();
    return false;
  }
  unsent_.append(text);
  asio::post(stream_->get_executor(), [self = shared_from_this()] { self->flush(); });
  return true;
}

void EventStream::flush() {
  if (!open_ || !in_flight_.empty() || unsent_.empty()) return;
  in_flight_.swap(unsent_);
  asio::async_write(*stream_, asio::buffer(in_flight_), [self = shared_from_this()](error_code error, std::size_t) {
    self->in_flight_.clear();
    if (error || (self->closing_ && self->unsent_.empty())) return self->close();
    self->flush();
  });
}

// Nothing is expected from the client; reading is how its going away is noticed.
void EventStream::watch() {
  stream_->async_read_some(asio::buffer(ignored_), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->close();
    self->watch();
  });
}

// A comment now and then, so that a dead client is noticed and proxies keep the connection.
void EventStream::ping() {
  timer_.expires_after(ping_interval_);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error) return;
    if (!self->write(":\n\n")) return self->close();
    self->ping();
  });
}

void EventStream::close() {
  if (!open_) return;
  open_ = false;
  stream_->close();
  timer_.cancel();
  if (auto callback = std::exchange(on_ended_, nullptr)) callback();
  if (auto callback = std::exchange(on_closed_, nullptr)) callback();
}

void Broadcast::push(std::string_view event, std::string_view data) {
  std::erase_if(streams_, [&](const auto& stream) { return !stream->push(event, data); });
}

std::string format_event(std::string_view event, std::string_view data) {
  std::string text;
  text.reserve(event.size() + data.size() + 24);
  if (!event.empty()) text.append("event: ").append(event.substr(0, event.find_first_of("\r\n"))).append("\n");
  while (true) {
    const std::size_t end = data.find_first_of("\r\n");
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return text.append("\n");
}

}  // namespace gantry::http
