#include "http/client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "net/endpoint.h"

// g++ 12 takes the frame of a coroutine in a unity batch for a type of a header, and what it holds for a mistake
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

namespace gantry::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

namespace {

struct Url {
  net::Endpoint at;
  std::string host_header;
  std::string target;
};

Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme))
    return fail(Errc::invalid_argument, "expected a URL that begins with http://, got \"{}\"", text);
  std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  std::string authority(rest.substr(0, slash));
  Url url;
  url.host_header = authority;
  url.target = std::string(rest.substr(slash));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  const std::size_t bracket = authority.find(']');
  if (authority.find(':', bracket == std::string::npos ? 0 : bracket) == std::string::npos) authority += ":80";
  auto at = net::parse_endpoint(authority);
  if (!at) return std::unexpected(in_context("URL " + std::string(text), at.error()));
  url.at = std::move(*at);
  return url;
}

Error failed(const Url& url, std::string_view what, const error_code& error) {
  const std::string where = net::to_string(url.at);
  if (error == beast::error::timeout) return {Errc::timeout, fmt::format("no answer from {} in time", where)};
  if (error == bhttp::error::body_limit)
    return {Errc::resource_exhausted, fmt::format("the answer of {} is too large", where)};
  const bool no_http = error.category() == error_code(bhttp::error::bad_target).category();
  return {no_http ? Errc::corrupt : Errc::unavailable, fmt::format("cannot {} {}: {}", what, where, error.message())};
}

}  // namespace

asio::awaitable<Result<GetResult>> get(std::string url_text, GetOptions options) {
  auto url = parse_url(url_text);
  if (!url) co_return std::unexpected(url.error());

  auto executor = co_await asio::this_coro::executor;
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  error_code error;
  beast::tcp_stream stream(executor);
  asio::ip::tcp::resolver::results_type addresses;
  const auto literal = asio::ip::make_address(url->at.host, error);
  if (!error) {
    addresses =
        asio::ip::tcp::resolver::results_type::create(asio::ip::tcp::endpoint(literal, url->at.port), url->at.host, "");
  } else {
    asio::ip::tcp::resolver resolver(executor);
    addresses = co_await resolver.async_resolve(url->at.host, std::to_string(url->at.port),
                                                asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(failed(*url, "resolve", error));
  }
  stream.expires_at(deadline);
  co_await stream.async_connect(addresses, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(*url, "connect to", error));

  bhttp::request<bhttp::empty_body> request(bhttp::verb::get, url->target, 11);
  request.set(bhttp::field::host, url->host_header);
  request.set(bhttp::field::user_agent, "gantry");
  for (const auto& [name, value] : options.headers) request.set(name, value);
  request.keep_alive(false);
  co_await bhttp::async_write(stream, request, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(*url, "write to", error));

  beast::flat_buffer buffer;
  bhttp::response_parser<bhttp::string_body> parser;
  parser.body_limit(options.body_bytes_max);
  co_await bhttp::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(*url, "read from", error));

  GetResult result;
  auto response = parser.release();
  result.status = static_cast<int>(response.result_int());
  for (const auto& field : response) {
    std::string name(field.name_string());
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    result.headers.emplace(std::move(name), std::string(field.value()));
  }
  result.body = std::move(response.body());
  co_return result;
}

}  // namespace gantry::http
