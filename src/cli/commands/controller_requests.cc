#include "cli/commands/controller_requests.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <cstdlib>

#include "base/exit_code.h"
#include "rocketmq/cluster.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::cli {

namespace asio = boost::asio;
namespace json = boost::json;
namespace rc = wire::response_code;

namespace {

asio::awaitable<Result<wire::Command>> send(ClientPtr client, std::string address, std::int32_t code, std::string body,
                                            std::chrono::milliseconds timeout = kAnswerWithin) {
  wire::Command request = wire::make_request(code);
  request.body = std::move(body);
  co_return co_await client->remoting().call(std::move(address), std::move(request), timeout);
}

Result<json::value> read_answer(const wire::Command& answer, const std::string& address) {
  if (answer.code == rc::kRequestCodeNotSupported)
    return fail(Errc::unimplemented, "{} is a controller of another kind: ask it by mqadmin", address);
  if (answer.code != rc::kSuccess) return std::unexpected(rocketmq::error_of_response(answer, "controller " + address));
  if (answer.body.empty()) return json::value();
  boost::system::error_code error;
  json::value value = json::parse(answer.body, error);
  if (error) return fail(Errc::corrupt, "{} answers no JSON: {}", address, error.message());
  return value;
}

// No answer, or not for now, or not of this one.
bool another_may_answer(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::timeout || error.code == Errc::unimplemented;
}

}  // namespace

void add_controller_options(CLI::App& command, ControllersOptions& options) {
  // several commands fill the same options, and with CLI11's envname each that was not given would put the variable over
  // what another one was told
  if (const char* value = std::getenv("ROCKETMQ_CONTROLLER_ADDR"); value != nullptr && *value != '\0')
    options.endpoints = value;
  command
      .add_option("--endpoints", options.endpoints, "controllers: host:port;host:port (env ROCKETMQ_CONTROLLER_ADDR)")
      ->capture_default_str();
  add_security_options(command, options.connection);
  add_output_option(command, options.format);
}

asio::awaitable<Result<json::value>> ask_controller(ClientPtr client, std::string address, std::int32_t code,
                                                    std::string body, std::chrono::milliseconds timeout) {
  auto answer = co_await send(client, address, code, std::move(body), timeout);
  if (!answer) co_return std::unexpected(answer.error());
  co_return read_answer(*answer, address);
}

asio::awaitable<Result<json::value>> ask_any_controller(ClientPtr client, std::int32_t code, std::string body) {
  Error last{Errc::unavailable, "no endpoints"};
  for (const std::string& address : client->endpoints()) {
    auto answer = co_await ask_controller(client, address, code, body);
    if (answer || !another_may_answer(answer.error())) co_return answer;
    last = answer.error();
  }
  co_return std::unexpected(last);
}

asio::awaitable<Result<json::value>> change_by_any_controller(ClientPtr client, std::int32_t code, std::string body) {
  Error last{Errc::unavailable, "no endpoints"};
  for (const std::string& address : client->endpoints()) {
    auto there = co_await ask_controller(client, address, wire::request_code::kGantryControllerStatus, {});
    if (!there) {
      if (!another_may_answer(there.error())) co_return there;
      last = there.error();
      continue;
    }
    auto answer = co_await send(client, address, code, body);
    if (!answer) {
      co_return fail(Errc::timeout,
                     "{} did not answer, and whether it was done is unknown ({}): look before you ask again", address,
                     answer.error().message);
    }
    auto value = read_answer(*answer, address);
    if (value || value.error().code != Errc::unavailable) co_return value;
    last = value.error();
  }
  co_return std::unexpected(last);
}

asio::awaitable<void> wait_for(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(time);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Result<ClientPtr> controller_client(asio::io_context& io, const std::string& endpoints,
                                    const ConnectionOptions& connection) {
  rocketmq::ControllerClientConfig config;
  config.endpoints = endpoints;
  auto credentials = credentials_of(connection);
  if (!credentials) return std::unexpected(credentials.error());
  config.credentials = std::move(*credentials);
  auto tls = tls_of(connection);
  if (!tls) return std::unexpected(tls.error());
  config.tls = std::move(*tls);
  return rocketmq::ControllerClient::create(io, std::move(config));
}

int run_with_controllers(const ControllersOptions& options, const ControllerVerb& verb) {
  asio::io_context io(1);
  auto client = controller_client(io, options.endpoints, options.connection);
  if (!client) return report(client.error());
  int code = kFailed;
  asio::co_spawn(io, verb(*client), [&](std::exception_ptr error, int result) {
    code = result;
    if (error) code = report({Errc::internal, "the operation threw"});
    (*client)->stop();
  });
  io.run();
  return code;
}

}  // namespace gantry::cli
