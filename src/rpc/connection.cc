#include "rpc/connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "net/spawn.h"

namespace gantry::rpc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kWriteBytes = 64 * 1024;   // gathered for one write; more waits for the next
constexpr std::size_t kQueuedFramesMax = 1'000;  // while more wait for a write, the caller is not read
constexpr std::chrono::seconds kLookForOverdue{1};
constexpr std::uint32_t kConnectionWindow = 4 << 20;

// gRPC demands h2 by ALPN, and Go's client refuses servers that do not choose it.
int choose_h2(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size,
              void*) {
  static constexpr unsigned char kH2[] = {2, 'h', '2'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kH2, sizeof kH2, in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<net::TlsContext> with_h2(std::shared_ptr<net::TlsContext> tls) {
  if (tls) SSL_CTX_set_alpn_select_cb(tls->native().native_handle(), choose_h2, nullptr);
  return tls;
}

class Headers {
 public:
  void add(std::string name, std::string value) { entries_.push_back({std::move(name), std::move(value)}); }
  void add(const Status& status) {
    add("grpc-status", std::to_string(static_cast<int>(status.code)));
    if (!status.message.empty()) add("grpc-message", encode_message(status.message));
  }
  // Valid as long as this object is; nghttp2 copies what it is given.
  std::vector<nghttp2_nv> list() {
    std::vector<nghttp2_nv> list;
    list.reserve(entries_.size());
    for (auto& [name, value] : entries_) {
      list.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                      name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return list;
  }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace

// What nghttp2 calls, from inside of take() and flush(). Nothing is destroyed there but what belongs to one stream.
struct Connection::Callbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      self(user).streams_[frame->hd.stream_id];
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    const auto found = self(user).streams_.find(frame->hd.stream_id);
    if (found == self(user).streams_.end()) return 0;
    Stream& stream = found->second;
    stream.header_bytes += name_size + value_size;
    if (stream.header_bytes > self(user).limits_.header_bytes_max) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":path") stream.method = text;
    if (key == ":method") stream.http_method = text;
    if (key == "content-type") stream.content_type = text;
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Connection& connection = self(user);
    const auto found = connection.streams_.find(frame->hd.stream_id);
    if (found == connection.streams_.end()) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      connection.begin_call(found->first, found->second);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
      found->second.ended = true;
      connection.read_messages(found->second);
    }
    return 0;
  }

  // A call that has its status while the caller still sends: no more is wanted of it. Rule: RFC 9113 8.1.
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool ends = frame->hd.type == NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const auto found = self(user).streams_.find(frame->hd.stream_id);
    if (ends && found != self(user).streams_.end() && !found->second.ended)
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                  void* user) {
    const auto found = self(user).streams_.find(id);
    // what comes after the end is nobody's, and must not be kept
    if (found == self(user).streams_.end() || !found->second.call || !found->second.call->is_open()) return 0;
    self(user).message_bytes(found->second, {reinterpret_cast<const char*>(bytes), size});
    return 0;
  }

  static int stream_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    self(user).stream_closed(id);
    return 0;
  }

  static ssize_t read(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t size, std::uint32_t* flags,
                      nghttp2_data_source*, void* user) {
    return self(user).read_call(id, to, size, flags);
  }
};

Connection::Connection(asio::io_context& io, asio::ip::tcp::socket socket, std::string remote,
                       std::shared_ptr<net::TlsContext> tls, std::shared_ptr<CallTable> table, ServerLimits limits)
    : io_(io),
      stream_(std::move(socket), with_h2(std::move(tls))),
      remote_(std::move(remote)),
      table_(std::move(table)),
      limits_(limits),
      calls_(table_->budgets().calls),
      unfinished_bytes_(table_->budgets().unfinished_bytes),
      unsent_bytes_(table_->budgets().unsent_bytes),
      ping_timer_(io),
      written_(io, Clock::time_point::max()),
      overdue_(io, [this] { look_for_overdue(); }) {}

Connection::~Connection() {
  if (session_ != nullptr) nghttp2_session_del(session_);
}

bool Connection::open_session() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return false;
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::frame_sent);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::stream_close);
  nghttp2_option* option = nullptr;
  const bool made = nghttp2_option_new(&option) == 0;
  if (made) nghttp2_option_set_no_closed_streams(option, 1);  // they would be kept for priorities, which nobody uses
  const bool opened = made && nghttp2_session_server_new2(&session_, callbacks, this, option) == 0;
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  if (!opened) return false;
  const std::array<nghttp2_settings_entry, 2> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(limits_.calls.one_max)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.header_bytes_max)},
  }};
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) == 0;
}

void Connection::start() { net::spawn(io_, "the gRPC connection of " + remote_, run(shared_from_this())); }

asio::awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
  self->limit_handshake();
  const error_code refused = co_await self->stream_.accept_handshake();
  if (!refused && self->open_session()) {
    self->flush();
    std::vector<std::uint8_t> buffer(kReadBytes);
    while (!self->closed_) {
      error_code error;
      if (self->write_under_way_ && nghttp2_session_get_outbound_queue_size(self->session_) > kQueuedFramesMax) {
        co_await self->written_.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      const std::size_t bytes = co_await self->stream_.async_read_some(
          asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
      if (error || !self->take(buffer.data(), bytes)) break;
    }
  } else if (refused) {
    const bool only_looked = refused == asio::error::eof || refused == asio::error::connection_reset ||
                             refused == asio::ssl::error::stream_truncated || refused == asio::error::operation_aborted;
    if (!only_looked) self->table_->refused(self->remote_, "TLS handshake: " + refused.message());
  }
  self->close();
}

// By a timer of our own: those of the stream would have to be set for each write again.
void Connection::limit_handshake() {
  ping_timer_.expires_after(limits_.handshake_timeout);
  ping_timer_.async_wait([weak = weak_from_this()](error_code error) {
    auto self = weak.lock();
    if (error || !self || self->closed_) return;
    if (!self->heard_) return self->close();
    self->watch_caller();
  });
}

bool Connection::take(const std::uint8_t* bytes, std::size_t size) {
  heard_ = true;
  pinged_ = false;
  const auto taken = nghttp2_session_mem_recv(session_, bytes, size);
  if (taken < 0) {
    constexpr std::uint8_t kTlsHandshake = 0x16;
    table_->refused(remote_, size > 0 && bytes[0] == kTlsHandshake
                                 ? "it speaks TLS, and this port does not"
                                 : fmt::format("no HTTP/2: {}", nghttp2_strerror(static_cast<int>(taken))));
    flush();  // what nghttp2 has to say about it
    return false;
  }
  flush();
  return !closed_;
}

void Connection::begin_call(std::int32_t id, Stream& stream) {
  std::string method, http_method, content_type;  // a call of hours does not keep them
  method.swap(stream.method);
  http_method.swap(stream.http_method);
  content_type.swap(stream.content_type);
  if (http_method != "POST") return refuse(id, "405", {Code::unimplemented, "gRPC calls are POST requests"});
  if (!content_type.starts_with("application/grpc"))
    return refuse(id, "415", {Code::unknown, "expected content-type application/grpc"});
  if (!calls_.take(1))
    return refuse(id, "200", {Code::resource_exhausted, "too many calls are open, the most that this server takes"});
  stream.admitted = true;
  stream.call = std::make_shared<Call>(weak_from_this(), id, limits_.message_bytes_max);
  await_caller(stream);
  const auto call = stream.call;
  if (!table_->open(method, call, call->long_lived_))
    call->finish({Code::unimplemented, fmt::format("there is no method {} here", method)});
}

// Ends a stream that never became a call.
void Connection::refuse(std::int32_t id, const char* http_status, Status status) {
  Headers headers;
  headers.add(":status", http_status);
  headers.add("content-type", "application/grpc");
  headers.add(status);
  const auto list = headers.list();
  nghttp2_submit_response(session_, id, list.data(), list.size(), nullptr);
  flush_soon();
}

void Connection::read_messages(Stream& stream) {
  const auto call = stream.call;
  while (call && call->is_open()) {
    auto message = call->reader_.next();
    if (!message) return call->finish(to_status(message.error()));
    if (!*message) break;
    stream.due = Clock::time_point::max();
    if (call->on_message) call->on_message(std::move(**message));
  }
  if (!stream.ended || !call || !call->is_open()) return;
  if (!call->reader_.empty()) return call->finish({Code::internal, "the call ended in the middle of a message"});
  if (call->on_ended) call->on_ended();
}

// Only what is left of them when whole messages have been handed on is kept, and counts.
void Connection::message_bytes(Stream& stream, std::string_view bytes) {
  const auto call = stream.call;
  call->reader_.add(bytes);
  read_messages(stream);
  unfinished_bytes_.give_back(std::exchange(stream.unfinished_bytes, 0));
  const std::size_t pending = call->reader_.pending_bytes();
  if (pending == 0) return;
  if (call->is_open() && unfinished_bytes_.take(pending)) {
    stream.unfinished_bytes = pending;
    if (stream.due == Clock::time_point::max()) await_caller(stream);
    return;
  }
  call->finish({Code::resource_exhausted, "too many requests are not whole yet, the most that this server keeps"});
  call->reader_.clear();
}

void Connection::drop_unsent(Call& call) {
  unsent_bytes_.give_back(call.unsent_.size() - std::exchange(call.sent_, 0));
  std::string().swap(call.unsent_);
}

// A status would have to wait behind what the caller does not take. Rule: gRPC over HTTP2 makes RESOURCE_EXHAUSTED of
// ENHANCE_YOUR_CALM.
void Connection::give_up(Call& call) {
  if (session_ == nullptr || closed_) return;
  drop_unsent(call);
  call.finished_ = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream_, NGHTTP2_ENHANCE_YOUR_CALM);
  flush_soon();
}

void Connection::await_caller(Stream& stream) {
  stream.due = Clock::now() + limits_.caller_timeout;
  overdue_.ring_after(std::min<Clock::duration>(kLookForOverdue, limits_.caller_timeout));
}

void Connection::look_for_overdue() {
  if (closed_) return;
  const auto now = Clock::now();
  bool awaited = false;
  for (auto& [id, stream] : streams_) {
    if (stream.due <= now && stream.call->is_open()) {
      stream.call->finish(
          {Code::deadline_exceeded, fmt::format("no whole request within {} ms", limits_.caller_timeout.count())});
    } else if (stream.due <= now) {
      stream.due = Clock::time_point::max();
      give_up(*stream.call);
    }
    awaited = awaited || stream.due != Clock::time_point::max();
  }
  if (awaited) overdue_.ring_after(std::min<Clock::duration>(kLookForOverdue, limits_.caller_timeout));
}

void Connection::submit_headers(Call& call) {
  call.answered_ = true;
  Headers headers;
  headers.add(":status", "200");
  headers.add("content-type", "application/grpc");
  headers.add("grpc-accept-encoding", "identity");
  const bool only_status = call.finished_ && call.unsent_.empty();
  if (only_status) headers.add(call.status_);
  const auto list = headers.list();
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read;
  nghttp2_submit_response(session_, call.stream_, list.data(), list.size(), only_status ? nullptr : &provider);
}

void Connection::submit(Call& call) {
  if (session_ == nullptr || closed_) return;
  if (const auto found = streams_.find(call.stream_); call.finished_ && found != streams_.end())
    await_caller(found->second);
  if (!call.answered_) {
    submit_headers(call);
  } else {
    nghttp2_session_resume_data(session_, call.stream_);
  }
  flush_soon();
}

// nghttp2 takes what a call has to send, as far as the caller's flow control allows.
ssize_t Connection::read_call(std::int32_t id, std::uint8_t* to, std::size_t size, std::uint32_t* flags) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || !found->second.call) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  Call& call = *found->second.call;
  const std::size_t filled = std::min(size, call.unsent_.size() - call.sent_);
  std::copy_n(call.unsent_.data() + call.sent_, filled, to);
  call.sent_ += filled;
  unsent_bytes_.give_back(filled);
  if (call.sent_ == call.unsent_.size()) {
    std::string().swap(call.unsent_);
    call.sent_ = 0;
  }
  if (call.unsent_.empty() && call.finished_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    Headers trailers;
    trailers.add(call.status_);
    const auto list = trailers.list();
    nghttp2_submit_trailer(session_, id, list.data(), list.size());
  } else if (filled == 0) {
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(filled);
}

void Connection::stream_closed(std::int32_t id) {
  auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream stream = std::move(found->second);
  streams_.erase(found);
  if (stream.admitted) calls_.give_back(1);
  if (!stream.call) return;
  unfinished_bytes_.give_back(stream.unfinished_bytes);
  drop_unsent(*stream.call);
  stream.call->reader_.clear();  // who serves the call may keep it
  stream.call->gone_ = true;
  if (stream.call->on_gone) stream.call->on_gone();
  // callbacks hold who serves the call, and that often holds the call
  stream.call->on_message = nullptr;
  stream.call->on_ended = stream.call->on_gone = nullptr;
}

void Connection::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  asio::post(io_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Connection::flush() {
  if (write_under_way_ || closed_ || session_ == nullptr) return;
  writing_.clear();
  while (writing_.size() < kWriteBytes) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) return close();
    if (size == 0) break;
    writing_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  if (writing_.empty()) {
    const bool over = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
    if (over || (draining_ && streams_.empty())) close();
    return;
  }
  write_under_way_ = true;
  asio::async_write(stream_, asio::buffer(writing_), [self = shared_from_this()](error_code error, std::size_t) {
    self->write_under_way_ = false;
    self->written_.cancel();
    if (error) return self->close();
    self->flush();
  });
}

void Connection::watch_caller() {
  heard_ = false;
  ping_timer_.expires_after(pinged_ ? limits_.ping_timeout : limits_.ping_after);
  ping_timer_.async_wait([weak = weak_from_this()](error_code error) {
    auto self = weak.lock();
    if (error || !self || self->closed_) return;
    if (!self->heard_ && self->pinged_) {
      spdlog::debug("gRPC: {} does not answer any more", self->remote_);
      return self->close();
    }
    if (!self->heard_) {
      self->pinged_ = true;
      nghttp2_submit_ping(self->session_, NGHTTP2_FLAG_NONE, nullptr);
      self->flush();
    }
    self->watch_caller();
  });
}

void Connection::drain() {
  if (closed_ || draining_) return;
  draining_ = true;
  if (session_ == nullptr) return close();
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  std::vector<std::shared_ptr<Call>> streams;
  for (auto& [id, stream] : streams_) {
    if (stream.call && stream.call->long_lived_) streams.push_back(stream.call);
  }
  for (const auto& call : streams) call->finish({});
  flush_soon();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  ping_timer_.cancel();
  written_.cancel();
  overdue_.stop();
  stream_.close();
  const auto self = shared_from_this();
  // not from inside of nghttp2, which may have called us
  asio::post(io_, [self] {
    while (!self->streams_.empty()) self->stream_closed(self->streams_.begin()->first);
    self->table_->closed(self.get());
  });
}

}  // namespace gantry::rpc
