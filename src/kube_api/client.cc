#include "kube_api/client.h"

#include <boost/json/parse.hpp>
#include <fstream>

#include "kube/scalar.h"

namespace gantry::kube_api {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t kBodyBytesMax = 64 * 1024 * 1024;  // 500 objects of the 1.5 MiB that etcd takes do not occur
constexpr std::chrono::seconds kTlsAge{60};              // then authorities and certificates are read again
constexpr std::chrono::seconds kWatchTime{240};          // the server ends a watch after it
constexpr int kDepthMax = 64;
constexpr int kBeginningsMax = 2;

Result<std::string> read_token(const std::string& file) {
  std::ifstream stream(file);
  std::string token;
  if (!std::getline(stream, token) || token.empty()) {
    return fail(Errc::unauthenticated, "the token file {} cannot be read or is empty", file);
  }
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  return token;
}

std::string with_selectors(std::string path, const ListOptions& options) {
  path += path.find('?') == std::string::npos ? '?' : '&';
  if (!options.label_selector.empty()) path += "labelSelector=" + escaped(options.label_selector) + "&";
  if (!options.field_selector.empty()) path += "fieldSelector=" + escaped(options.field_selector) + "&";
  return path;
}

}  // namespace

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::value value = json::parse(text, error, {}, options);
  if (error) return fail(Errc::corrupt, "the API server's answer is no JSON: {}", error.message());
  if (!value.is_object()) return fail(Errc::corrupt, "the API server's answer is no JSON object");
  return std::move(value.get_object());
}

Error error_of(int status, std::string_view body) {
  Errc code = Errc::unavailable;
  switch (status) {
    case 400: code = Errc::invalid_argument; break;
    case 401: code = Errc::unauthenticated; break;
    case 403: code = Errc::permission_denied; break;
    case 404: code = Errc::not_found; break;
    case 410: code = Errc::cancelled; break;
    case 429: code = Errc::resource_exhausted; break;
    default: break;
  }
  auto object = parse_object(body);
  const std::string_view message = object ? text_of(*object, "message") : std::string_view();
  if (message.empty()) return {code, fmt::format("the API server answers {}", status)};
  return {code, fmt::format("the API server answers {}: {}", status, message)};
}

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

const json::object* object_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<http::GetOptions> Client::request() {
  http::GetOptions options;
  const auto now = std::chrono::steady_clock::now();
  if (access_.server.starts_with("https:") && (!tls_ || now - tls_at_ > kTlsAge)) {
    auto context = net::TlsContext::client(access_.tls);
    if (context) {
      tls_ = std::move(*context);
      tls_at_ = now;
    } else if (!tls_) {
      return std::unexpected(context.error());
    }
  }
  options.tls = tls_;
  options.tls_server_name = access_.tls_server_name;
  options.body_bytes_max = kBodyBytesMax;
  options.headers["Accept"] = "application/json";
  std::string token = access_.token;
  if (!access_.token_file.empty()) {
    auto read = read_token(access_.token_file);
    if (!read) return std::unexpected(read.error());
    token = std::move(*read);
  }
  if (!token.empty()) options.headers["Authorization"] = "Bearer " + token;
  return options;
}

asio::awaitable<Result<json::object>> Client::get(std::string path) {
  auto options = request();
  if (!options) co_return std::unexpected(options.error());
  std::string url = access_.server + path;
  auto answer = co_await http::get(std::move(url), std::move(*options));
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->status != 200) co_return std::unexpected(error_of(answer->status, answer->body));
  co_return parse_object(answer->body);
}

asio::awaitable<Result<std::string>> Client::list(std::string path, ListOptions options, std::function<void()> begin,
                                                  std::function<void(json::object&)> item) {
  const std::string first = with_selectors(std::move(path), options) + fmt::format("limit={}", options.page_items);
  Error last;
  for (int beginning = 0; beginning < kBeginningsMax; ++beginning) {
    begin();
    std::size_t items = 0;
    std::string next;
    while (true) {
      std::string from = first;  // outside of the co_await: g++ 12 destroys what a condition makes there twice
      if (!next.empty()) from += "&continue=" + escaped(next);
      auto page = co_await get(std::move(from));
      if (!page) {
        if (page.error().code != Errc::cancelled) co_return std::unexpected(page.error());
        last = page.error();
        break;
      }
      if (json::value* list = page->if_contains("items"); list != nullptr && list->is_array()) {
        for (json::value& value : list->get_array()) {
          if (!value.is_object()) continue;
          if (++items > options.items_max) {
            co_return fail(Errc::resource_exhausted, "{} has more than {} items: choose fewer by a selector", first,
                           options.items_max);
          }
          item(value.get_object());
        }
      }
      const json::object* metadata = object_of(*page, "metadata");
      if (metadata == nullptr) co_return fail(Errc::corrupt, "a list of the API server has no metadata");
      next = text_of(*metadata, "continue");
      if (next.empty()) co_return std::string(text_of(*metadata, "resourceVersion"));
    }
  }
  co_return std::unexpected(last);
}

asio::awaitable<Result<json::array>> Client::list(std::string path, ListOptions options) {
  json::array items;
  std::function<void()> begin = [&items] { items.clear(); };
  std::function<void(json::object&)> keep = [&items](json::object& item) { items.push_back(std::move(item)); };
  auto listed = co_await list(std::move(path), std::move(options), std::move(begin), std::move(keep));
  if (!listed) co_return std::unexpected(listed.error());
  co_return items;
}

asio::awaitable<Result<void>> Client::watch(http::LineStream& stream, std::string path, ListOptions options,
                                            std::string resource_version) {
  auto request = this->request();
  if (!request) co_return std::unexpected(request.error());
  http::LineOptions lines;
  lines.request = std::move(*request);
  lines.idle_timeout = kWatchTime + std::chrono::seconds(30);
  const std::string url = access_.server + with_selectors(std::move(path), options) +
                          fmt::format("watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
                                      kWatchTime.count(), escaped(resource_version));
  auto status = co_await stream.open(url, std::move(lines));
  if (!status) co_return std::unexpected(status.error());
  if (*status == 200) co_return Result<void>{};
  const std::string body = co_await stream.rest();
  co_return std::unexpected(error_of(*status, body));
}

}  // namespace gantry::kube_api
