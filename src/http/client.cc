#include "http/client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "http/stream.h"
#include "net/endpoint.h"
#include "net/socket_options.h"

namespace gantry::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

namespace {

struct Url {
  net::Endpoint at;
  bool secure = false;
  std::string host_header;
  std::string target;
};

Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kPlain = "http://", kSecure = "https://";
  Url url;
  url.secure = text.starts_with(kSecure);
  if (!url.secure && !text.starts_with(kPlain)) {
    return fail(Errc::invalid_argument, "expected a URL that begins with http:// or https://, got \"{}\"", text);
  }
  std::string_view rest = text.substr((url.secure ? kSecure : kPlain).size());
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  std::string authority(rest.substr(0, slash));
  url.host_header = authority;
  url.target = std::string(rest.substr(slash));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  const std::size_t bracket = authority.find(']');
  if (authority.find(':', bracket == std::string::npos ? 0 : bracket) == std::string::npos) {
    authority += url.secure ? ":443" : ":80";
  }
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
  if (error == bhttp::error::partial_message)
    return {Errc::unavailable, fmt::format("{} cut the connection in the middle of its answer", where)};
  const bool no_http = error.category() == error_code(bhttp::error::bad_target).category();
  return {no_http ? Errc::corrupt : Errc::unavailable, fmt::format("cannot {} {}: {}", what, where, error.message())};
}

std::string in_lower_case(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// What can be given up from outside while a coroutine waits for it.
struct Wire {
  explicit Wire(const asio::any_io_executor& executor) : resolver(executor) {}
  asio::ip::tcp::resolver resolver;
  std::unique_ptr<Stream> stream;
  Url url;
  bool closed = false;

  void close() {
    closed = true;
    resolver.cancel();
    if (stream) stream->close();
  }
};

// Connects and sends the request, all before the deadline, which stays set on the stream.
asio::awaitable<Result<void>> ask(std::shared_ptr<Wire> wire, std::string url_text, GetOptions options,
                                  std::chrono::steady_clock::time_point deadline) {
  auto parsed = parse_url(url_text);
  if (!parsed) co_return std::unexpected(parsed.error());
  wire->url = std::move(*parsed);
  const Url& url = wire->url;
  if (url.secure && !options.tls) {
    auto context = net::TlsContext::client({});
    if (!context) co_return std::unexpected(context.error());
    options.tls = std::move(*context);
  }
  error_code error;
  asio::ip::tcp::resolver::results_type addresses;
  const auto literal = asio::ip::make_address(url.at.host, error);
  if (!error) {
    addresses =
        asio::ip::tcp::resolver::results_type::create(asio::ip::tcp::endpoint(literal, url.at.port), url.at.host, "");
  } else {
    addresses = co_await wire->resolver.async_resolve(url.at.host, std::to_string(url.at.port),
                                                      asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(failed(url, "resolve", error));
  }
  if (wire->closed) co_return fail(Errc::cancelled, "the request to {} was given up", net::to_string(url.at));
  wire->stream = std::make_unique<Stream>(asio::ip::tcp::socket(wire->resolver.get_executor()),
                                          url.secure ? options.tls : nullptr);
  Stream& stream = *wire->stream;
  stream.tcp().expires_at(deadline);
  co_await stream.tcp().async_connect(addresses, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(url, "connect to", error));
  net::set_options(stream.tcp().socket());  // a watch of hours has to notice that the other end is gone
  const std::string name = options.tls_server_name.empty() ? url.at.host : options.tls_server_name;
  error = co_await stream.connect_handshake(name);
  if (error) co_return std::unexpected(failed(url, "make a TLS connection to", error));

  bhttp::request<bhttp::empty_body> request(bhttp::verb::get, url.target, 11);
  request.set(bhttp::field::host, url.host_header);
  request.set(bhttp::field::user_agent, "gantry");
  for (const auto& [name, value] : options.headers) request.set(name, value);
  request.keep_alive(false);
  co_await bhttp::async_write(stream, request, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(url, "write to", error));
  co_return Result<void>{};
}

}  // namespace

asio::awaitable<Result<GetResult>> get(std::string url_text, GetOptions options) {
  auto wire = std::make_shared<Wire>(co_await asio::this_coro::executor);
  const std::size_t body_bytes_max = options.body_bytes_max;
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  auto asked = co_await ask(wire, std::move(url_text), std::move(options), deadline);
  if (!asked) co_return std::unexpected(asked.error());

  error_code error;
  beast::flat_buffer buffer;
  bhttp::response_parser<bhttp::string_body> parser;
  parser.body_limit(body_bytes_max);
  co_await bhttp::async_read(*wire->stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(wire->url, "read from", error));

  GetResult result;
  auto response = parser.release();
  result.status = static_cast<int>(response.result_int());
  for (const auto& field : response)
    result.headers.emplace(in_lower_case(field.name_string()), std::string(field.value()));
  result.body = std::move(response.body());
  co_return result;
}

struct LineStream::Parts {
  explicit Parts(const asio::any_io_executor& executor) : wire(std::make_shared<Wire>(executor)) {}
  std::shared_ptr<Wire> wire;
  LineOptions options;
  beast::flat_buffer buffer;
  bhttp::response_parser<bhttp::buffer_body> parser;
  std::string received;
  std::size_t searched = 0;  // of `received`, without an end of line
  char piece[16 * 1024];
};

LineStream::LineStream() = default;

LineStream::~LineStream() { close(); }

void LineStream::close() {
  if (parts_) parts_->wire->close();
}

asio::awaitable<Result<int>> LineStream::open(std::string url, LineOptions options) {
  close();
  auto parts = parts_ = std::make_shared<Parts>(co_await asio::this_coro::executor);
  parts->options = options;
  const auto deadline = std::chrono::steady_clock::now() + options.request.timeout;
  auto asked = co_await ask(parts->wire, std::move(url), std::move(options.request), deadline);
  if (!asked) co_return std::unexpected(asked.error());
  error_code error;
  parts->parser.body_limit(boost::none);
  co_await bhttp::async_read_header(*parts->wire->stream, parts->buffer, parts->parser,
                                    asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(failed(parts->wire->url, "read from", error));
  co_return static_cast<int>(parts->parser.get().result_int());
}

asio::awaitable<Result<std::optional<std::string>>> LineStream::next() {
  auto parts = parts_;
  if (!parts || !parts->wire->stream) co_return fail(Errc::invalid_argument, "the stream was not opened");
  while (true) {
    const std::size_t end = parts->received.find('\n', parts->searched);
    if (end != std::string::npos) {
      std::string line = parts->received.substr(0, end);
      parts->received.erase(0, end + 1);
      parts->searched = 0;
      co_return std::optional<std::string>(std::move(line));
    }
    parts->searched = parts->received.size();
    if (parts->received.size() > parts->options.line_bytes_max) {
      co_return fail(Errc::resource_exhausted, "a line of {} is longer than {} bytes",
                     net::to_string(parts->wire->url.at), parts->options.line_bytes_max);
    }
    if (parts->parser.is_done()) co_return std::optional<std::string>{};
    parts->parser.get().body().data = parts->piece;
    parts->parser.get().body().size = sizeof parts->piece;
    parts->wire->stream->tcp().expires_after(parts->options.idle_timeout);
    error_code error;
    co_await bhttp::async_read_some(*parts->wire->stream, parts->buffer, parts->parser,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error && error != bhttp::error::need_buffer) {
      co_return std::unexpected(failed(parts->wire->url, "read from", error));
    }
    parts->received.append(parts->piece, sizeof parts->piece - parts->parser.get().body().size);
  }
}

asio::awaitable<std::string> LineStream::rest() {
  std::string text;
  while (text.size() < parts_->options.line_bytes_max) {
    auto line = co_await next();
    if (!line) break;
    if (!*line) {
      text += parts_->received;
      break;
    }
    text += **line + "\n";
  }
  co_return text;
}

}  // namespace gantry::http
