// One gRPC call as its handler sees it. Lives on the thread of its server; handlers may keep it after the caller has gone,
// then what they send is dropped.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "rpc/framing.h"
#include "rpc/status.h"

namespace gantry::rpc {

class Connection;

class Call : public std::enable_shared_from_this<Call> {
 public:
  static constexpr std::size_t kUnsentBytesMax = 64 * 1024;  // a caller that does not read more than that is ended

  Call(std::weak_ptr<Connection> connection, std::int32_t stream, std::size_t message_bytes_max)
      : connection_(std::move(connection)), stream_(stream), reader_(message_bytes_max) {}

  // To the caller, in order. Nothing happens once the call has ended.
  void send(std::string_view message);
  void finish(Status status);
  bool is_open() const { return !finished_ && !gone_; }

  // What comes from the caller. on_ended: no more messages will come. on_gone: the call is over, however it ended: by
  // finish(), by the caller, by a fault, with the connection; called once, and nothing else after it.
  std::function<void(std::string message)> on_message;
  std::function<void()> on_ended;
  std::function<void()> on_gone;

 private:
  friend class Connection;

  std::weak_ptr<Connection> connection_;
  std::int32_t stream_;
  MessageReader reader_;
  std::string unsent_;    // framed messages
  std::size_t sent_ = 0;  // of them
  Status status_;
  bool answered_ = false;  // the response's headers were submitted
  bool finished_ = false;
  bool gone_ = false;
  bool long_lived_ = false;  // a stream: ended with OK when the server drains
};

}  // namespace gantry::rpc
