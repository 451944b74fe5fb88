// What the tests of remoting share: everything runs on one io_context that the test itself drives until a condition
// holds, so there is no second thread and no sleep.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "remoting/client.h"
#include "remoting/server.h"
#include "unit/drive.h"
#include "wire/codes.h"
#include "wire/frame.h"

namespace gantry::remoting {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using test::run_until;

constexpr std::int32_t kEcho = 30'001;

// Runs what is ready and everything that follows from it at once.
inline void run_ready(asio::io_context& io) {
  io.restart();
  while (io.poll() > 0) {
  }
}

inline wire::Command echo_request(std::string body = {}) {
  auto command = wire::make_request(kEcho);
  command.fields.add("n", "1");
  command.body = std::move(body);
  return command;
}

inline void echo(Request request) {
  auto response = request.reply.response(wire::response_code::kSuccess);
  response.body = std::move(request.command.body);
  request.reply.send(std::move(response));
}

inline std::string frame_of(const wire::Command& command) {
  std::string bytes;
  EXPECT_TRUE(wire::encode_frame(command, bytes));
  return bytes;
}

// A peer that sends whatever the test likes.
class RawPeer {
 public:
  RawPeer(asio::io_context& io, std::uint16_t port) : state_(std::make_shared<State>(io)) {
    socket().connect({asio::ip::address_v4::loopback(), port});
    socket().non_blocking(true);
    read(state_);
  }
  ~RawPeer() {
    boost::system::error_code ignored;
    socket().close(ignored);
  }

  void send(std::string bytes) {
    auto kept = std::make_shared<std::string>(std::move(bytes));
    asio::async_write(socket(), asio::buffer(*kept), [kept, state = state_](auto, auto) {});
  }
  tcp::socket& socket() { return state_->socket; }
  bool closed() const { return state_->closed; }
  std::string& received() { return state_->received; }
  void pause_reading() { state_->paused = true; }
  void resume_reading() {
    if (std::exchange(state_->paused, false) && !state_->reading) read(state_);
  }

  // The frames received so far, taken out.
  std::vector<wire::Command> take_frames() {
    std::vector<wire::Command> frames;
    while (true) {
      auto size = wire::frame_size(received(), {});
      if (!size || !*size || **size > received().size()) return frames;
      frames.push_back(wire::decode_frame(std::string_view(received()).substr(0, **size), {}).value());
      received().erase(0, **size);
    }
  }

 private:
  struct State {  // outlives the peer until its operations have ended
    explicit State(asio::io_context& io) : socket(io) {}
    tcp::socket socket;
    std::string received;
    char chunk[16 * 1024];
    bool closed = false;
    bool paused = false;
    bool reading = false;
  };

  static void read(const std::shared_ptr<State>& state) {
    state->reading = true;
    state->socket.async_read_some(asio::buffer(state->chunk), [state](boost::system::error_code error, std::size_t n) {
      state->reading = false;
      if (error) {
        state->closed = true;
        return;
      }
      state->received.append(state->chunk, n);
      if (!state->paused) read(state);
    });
  }

  std::shared_ptr<State> state_;
};

class RemotingTest : public testing::Test {
 protected:
  void start(ServerConfig config = {}) {
    server.emplace(io, std::move(config));
    server->handle(kEcho, echo);
    auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
    address = "127.0.0.1:" + std::to_string(server->port());
  }

  // One call of `client`, driven to its end.
  Result<wire::Command> call(Client& client, wire::Command request, std::chrono::milliseconds timeout = 10s) {
    return call(client, address, std::move(request), timeout);
  }
  Result<wire::Command> call(Client& client, std::string to, wire::Command request,
                             std::chrono::milliseconds timeout = 10s) {
    std::optional<Result<wire::Command>> result;
    client.call(std::move(to), std::move(request), timeout, [&](Result<wire::Command> r) { result = std::move(r); });
    EXPECT_FALSE(result) << "called back from within call()";
    EXPECT_TRUE(run_until(io, [&] { return result.has_value(); }));
    return result ? std::move(*result) : fail(Errc::internal, "never called back");
  }
  bool until(const std::function<bool()>& condition, std::chrono::milliseconds within = 20s) {
    return run_until(io, condition, within);
  }

  ~RemotingTest() override {
    if (server) server->stop();
    server.reset();
    run_ready(io);
  }

  asio::io_context io{1};
  std::optional<Server> server;
  std::string address;
};

}  // namespace gantry::remoting
