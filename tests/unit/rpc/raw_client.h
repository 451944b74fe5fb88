// An HTTP/2 client that may behave badly: sends half a message, takes no answer, opens as many streams as it likes. Lives
// on the io_context that the server of the test lives on.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gantry::rpc {

class RawClient {
 public:
  struct Answer {
    std::map<std::string, std::string> headers;  // trailers too
    std::string data;
    std::uint32_t reset = 0;  // the error of its end; 0: none
    bool closed = false;

    int status() const {
      const auto found = headers.find("grpc-status");
      return found == headers.end() ? -1 : std::stoi(found->second);
    }
  };

  // takes_answers false: the server may send it no DATA.
  RawClient(boost::asio::io_context& io, std::uint16_t port, bool takes_answers = true) : socket_(io) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](auto, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
          self(user).answers_[frame->hd.stream_id].headers[{name, name + name_size}] = {value, value + value_size};
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](auto, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* user) {
          self(user).answers_[id].data.append(bytes, bytes + size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
                                                           [](auto, std::int32_t id, std::uint32_t error, void* user) {
                                                             self(user).answers_[id].closed = true;
                                                             self(user).answers_[id].reset = error;
                                                             return 0;
                                                           });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const std::array<nghttp2_settings_entry, 1> none{{{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, none.data(), takes_answers ? 0 : 1);
    write();
    read();
  }
  ~RawClient() { nghttp2_session_del(session_); }
  RawClient(const RawClient&) = delete;

  // Begins a call and sends these bytes; then the call stays open, or ends with them.
  std::int32_t call(const std::string& method, std::string bytes, bool ends = false) {
    const std::vector<std::pair<std::string, std::string>> fields = {{":method", "POST"},
                                                                     {":scheme", "http"},
                                                                     {":path", method},
                                                                     {":authority", "test"},
                                                                     {"content-type", "application/grpc"}};
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
      list.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                      NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider provider{};
    provider.read_callback = [](auto, std::int32_t id, std::uint8_t* to, std::size_t size, std::uint32_t* flags, auto,
                                void* user) -> ssize_t {
      Request& request = self(user).requests_[id];
      const std::size_t part = std::min(size, request.bytes.size());
      std::memcpy(to, request.bytes.data(), part);
      request.bytes.erase(0, part);
      if (request.ends && request.bytes.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return part == 0 && !request.ends ? static_cast<ssize_t>(NGHTTP2_ERR_DEFERRED) : static_cast<ssize_t>(part);
    };
    const std::int32_t id = nghttp2_submit_request(session_, nullptr, list.data(), list.size(), &provider, nullptr);
    requests_[id] = {std::move(bytes), ends};
    write();
    return id;
  }
  void send(std::int32_t id, const std::string& bytes) {
    requests_[id].bytes += bytes;
    nghttp2_session_resume_data(session_, id);
    write();
  }

  Answer& answer(std::int32_t id) { return answers_[id]; }
  std::size_t closed_calls() const {
    std::size_t closed = 0;
    for (const auto& [id, answer] : answers_) closed += answer.closed ? 1 : 0;
    return closed;
  }
  std::uint32_t most_calls() const {  // that the server allows
    return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  }
  bool disconnected() const { return disconnected_; }

 private:
  struct Request {
    std::string bytes;
    bool ends = false;
  };
  static RawClient& self(void* user) { return *static_cast<RawClient*>(user); }

  void write() {
    if (writing_) return;
    const std::uint8_t* bytes = nullptr;
    out_.clear();
    for (ssize_t size; out_.size() < 65'536 && (size = nghttp2_session_mem_send(session_, &bytes)) > 0;)
      out_.append(bytes, bytes + size);
    if (out_.empty()) return;
    writing_ = true;
    boost::asio::async_write(socket_, boost::asio::buffer(out_), [this](auto error, std::size_t) {
      if (error == boost::asio::error::operation_aborted) return;
      writing_ = false;
      if (!error) write();
    });
  }
  void read() {
    socket_.async_read_some(boost::asio::buffer(in_), [this](auto error, std::size_t size) {
      if (error == boost::asio::error::operation_aborted) return;
      if (error || nghttp2_session_mem_recv(session_, in_.data(), size) < 0) {
        disconnected_ = true;
        return;
      }
      write();
      read();
    });
  }

  boost::asio::ip::tcp::socket socket_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Request> requests_;
  std::map<std::int32_t, Answer> answers_;
  std::string out_;
  std::array<std::uint8_t, 65'536> in_{};
  bool writing_ = false;
  bool disconnected_ = false;
};

}  // namespace gantry::rpc
