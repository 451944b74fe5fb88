#include "http/message.h"

#include <algorithm>

#include "base/json_text.h"

namespace gantry::http {

namespace {

constexpr std::size_t kParametersMax = 100;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Result<std::string> decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(Errc::invalid_argument, "a % in the URL is not followed by two hex digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(Errc::invalid_argument, "the URL has a control character");
    }
    out.push_back(c);
  }
  return out;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (std::ranges::equal(key, name, {}, lower, lower)) return value;
  }
  return {};
}

std::string_view Request::parameter(std::string_view name, std::string_view fallback) const {
  const auto found = query.find(name);
  return found == query.end() ? fallback : std::string_view(found->second);
}

Response json(const boost::json::value& value, int status) {
  return {status, "application/json", json_text(value), {}};
}

Response text(std::string body, int status) { return {status, "text/plain; charset=utf-8", std::move(body), {}}; }

Response error(int status, std::string_view message) { return json(boost::json::value{{"error", message}}, status); }

Response error(const Error& error) { return http::error(to_status(error.code), error.message); }

int to_status(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return 400;
    case Errc::not_found: return 404;
    case Errc::already_exists: return 409;
    case Errc::unavailable: return 503;
    case Errc::timeout: return 504;
    case Errc::permission_denied: return 403;
    case Errc::unauthenticated: return 401;
    case Errc::resource_exhausted: return 429;
    case Errc::corrupt: return 502;
    case Errc::unimplemented: return 501;
    case Errc::cancelled: return 503;
    case Errc::internal: return 500;
  }
  return 500;
}

Result<Target> parse_target(std::string_view target) {
  Target parsed;
  const std::size_t mark = target.find('?');
  auto path = decoded(target.substr(0, mark), false);
  if (!path) return std::unexpected(path.error());
  if (!path->starts_with('/')) return fail(Errc::invalid_argument, "the path of the URL must begin with /");
  if ((*path + "/").find("/../") != std::string::npos) return fail(Errc::invalid_argument, "the path has a .. segment");
  parsed.path = std::move(*path);

  std::string_view rest = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals), true);
    if (!name) return std::unexpected(name.error());
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return std::unexpected(value.error());
    if (parsed.query.size() >= kParametersMax)
      return fail(Errc::invalid_argument, "the URL has more than 100 parameters");
    parsed.query[std::move(*name)] = std::move(*value);
  }
  return parsed;
}

}  // namespace gantry::http
