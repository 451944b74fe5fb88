// How the verbs of `gantry controller` ask controllers: our own requests, JSON in and out, and the running of a verb.
#pragma once

#include <CLI/App.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "rocketmq/controller_client.h"

namespace gantry::cli {

using ClientPtr = std::shared_ptr<rocketmq::ControllerClient>;

struct ControllersOptions {
  std::string endpoints = "127.0.0.1:9878";
  ConnectionOptions connection;  // keys and TLS
  Format format = Format::table;
};

// --endpoints (ROCKETMQ_CONTROLLER_ADDR), keys and TLS, and -o.
void add_controller_options(CLI::App& command, ControllersOptions& options);

// One of our own requests; the answer's JSON, null when it has no body. unavailable also when it was refused for now (no
// leader, another change under way); timeout: the outcome is unknown; else it was refused for good.
inline constexpr std::chrono::milliseconds kAnswerWithin{7'000};  // a follower that hands on waits for 5 s
boost::asio::awaitable<Result<boost::json::value>> ask_controller(ClientPtr client, std::string address,
                                                                  std::int32_t code, std::string body,
                                                                  std::chrono::milliseconds timeout = kAnswerWithin);
// The first endpoint that answers, or refuses for good. Only for questions: it may be asked of each of them.
boost::asio::awaitable<Result<boost::json::value>> ask_any_controller(ClientPtr client, std::int32_t code,
                                                                      std::string body);
// A change, by the first endpoint that is there and does not say that it surely did nothing (unavailable). One whose
// answer does not come may have done it, so no other one is asked: timeout.
boost::asio::awaitable<Result<boost::json::value>> change_by_any_controller(ClientPtr client, std::int32_t code,
                                                                            std::string body);
boost::asio::awaitable<void> wait_for(std::chrono::milliseconds time);

// Fails as credentials_of() and tls_of(), and with invalid_argument when the endpoints cannot be read.
Result<ClientPtr> controller_client(boost::asio::io_context& io, const std::string& endpoints,
                                    const ConnectionOptions& connection);

using ControllerVerb = std::function<boost::asio::awaitable<int>(ClientPtr)>;

// Runs `verb` to its end on an io_context of its own and returns its exit code.
int run_with_controllers(const ControllersOptions& options, const ControllerVerb& verb);

}  // namespace gantry::cli
