#include "controller/http_listener.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "controller/metrics_text.h"
#include "controller/page_json.h"
#include "http/server.h"
#include "net/io_thread.h"
#include "prometheus/text_writer.h"
#include "web_assets.h"

namespace gantry::controller {

namespace asio = boost::asio;
using asio::awaitable;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kSetsATurn = 200;                  // of the service's thread: a third of a millisecond
constexpr std::chrono::milliseconds kSetsMaxAge{1'000};  // for the page, which asks every 2 s

// What the service's thread is asked through.
struct Door {
  asio::io_context& io;
  HttpListener::Sources sources;
  bool open = true;  // the service's: until stop()
};
using DoorPtr = std::shared_ptr<Door>;

std::int64_t unix_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::vector<http::Asset> page_assets() {
  std::vector<http::Asset> assets;
  for (const web::Asset& asset : web::assets()) {
    if (!asset.path.starts_with("/controller.")) continue;
    const std::string_view path = asset.path == "/controller.html" ? "/index.html" : asset.path;
    assets.push_back({path, {reinterpret_cast<const char*>(asset.body.data()), asset.body.size()}});
  }
  return assets;
}

http::Response stopped() { return http::error(503, "this controller is stopping"); }

}  // namespace

class HttpListener::Impl {
 public:
  Impl(asio::io_context& io, Sources sources)
      : door_(std::make_shared<Door>(Door{io, std::move(sources)})), disk_usage_(door_->sources.disk_usage) {}

  Result<void> start(const net::Endpoint& listen) {
    thread_.start();
    disk_thread_.start();
    disk_bytes_ = disk_usage_();  // the log below it was opened by this thread as well
    disk_at_ = Clock::now();
    return thread_.call([&]() -> Result<void> {
      server_.emplace(thread_.io(), http::ServerConfig{.host = listen.host, .port = listen.port});
      server_->route_async("GET", "/healthz", [this](http::Request) { return health(); });
      server_->route_async("GET", "/readyz", [this](http::Request) { return readiness(); });
      server_->route_async("GET", "/metrics", [this](http::Request) { return metrics(); });
      server_->route_async("GET", "/api/controller", [this](http::Request) { return node(); });
      server_->route_async("GET", "/api/sets", [this](http::Request request) { return sets(std::move(request)); });
      server_->route_async("GET", "/api/sets/*", [this](http::Request request) { return set(std::move(request)); });
      server_->route_async("GET", "/api/elections",
                           [this](http::Request request) { return elections(std::move(request)); });
      server_->assets(page_assets());
      return server_->start();
    });
  }

  std::string url() {
    return thread_.call([this] { return server_ ? server_->url() : std::string(); });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    door_->open = false;
    thread_.call([this] {
      if (server_) server_->stop();
    });
    disk_thread_.stop();
    thread_.stop();
  }

 private:
  using Sets = std::shared_ptr<const std::vector<SetView>>;

  // Runs `question` on the service's thread. nullopt: the listener is stopping. The two threads meet by plain posts, so
  // that what is left in the service's queue at the end holds nothing of this thread.
  template <class T>
  awaitable<std::optional<T>> ask(std::function<T(const Sources&)> question) {
    auto answer = std::make_shared<std::optional<T>>();
    const std::uint64_t id = next_question_++;
    asio::steady_timer answered(thread_.io(), Clock::time_point::max());
    waiting_.emplace(id, &answered);
    asio::post(door_->io, [this, door = door_, question = std::move(question), answer, id] {
      if (!door->open) return;  // `this` may be gone
      *answer = question(door->sources);
      asio::post(thread_.io(), [this, id] {
        if (auto waiting = waiting_.extract(id); !waiting.empty()) waiting.mapped()->cancel();
      });
    });
    boost::system::error_code ignored;
    co_await answered.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiting_.erase(id);
    co_return std::move(*answer);
  }

  awaitable<std::optional<NodeView>> ask_node() {
    std::function<NodeView(const Sources&)> question = [](const Sources& sources) { return sources.node(); };
    auto asked = ask(std::move(question));
    co_return co_await std::move(asked);
  }

  // All sets, at most kSetsMaxAge old. Copied in parts, so each set is as it was at one moment, but not all at the same.
  awaitable<Sets> all_sets() {
    if (sets_ && (copying_ || Clock::now() - copied_at_ < kSetsMaxAge)) co_return sets_;
    copying_ = true;
    auto copy = std::make_shared<std::vector<SetView>>();
    while (true) {
      const std::string after = copy->empty() ? std::string() : copy->back().set.broker_name;
      std::function<std::vector<SetView>(const Sources&)> question = [after](const Sources& sources) {
        return sources.sets(after, kSetsATurn);
      };
      auto asked = ask(std::move(question));
      auto more = co_await std::move(asked);
      if (!more || more->empty()) break;
      std::ranges::move(*more, std::back_inserter(*copy));
    }
    copying_ = false;
    copied_at_ = Clock::now();
    sets_ = std::move(copy);
    co_return sets_;
  }

  awaitable<http::Response> health() {
    const auto node = co_await ask_node();
    if (!node) co_return stopped();
    co_return http::text("ok\n");
  }

  awaitable<http::Response> readiness() {
    const auto node = co_await ask_node();
    if (!node) co_return stopped();
    const Readiness readiness = readiness_of(*node);
    co_return http::text(readiness.why + "\n", readiness.ready ? 200 : 503);
  }

  awaitable<http::Response> metrics() {
    const Sets all = co_await all_sets();
    std::function<NumbersView(const Sources&)> question = [](const Sources& sources) { return sources.numbers(); };
    auto asked = ask(std::move(question));
    const auto numbers = co_await std::move(asked);
    if (!numbers) co_return stopped();
    if (!measuring_ && Clock::now() - disk_at_ >= door_->sources.disk_usage_max_age) measure_disk();
    http::Response response = http::text(metrics_text(*numbers, *all, disk_bytes_));
    response.content_type = prometheus::kContentType;
    co_return response;
  }

  awaitable<http::Response> node() {
    const Sets all = co_await all_sets();
    const auto node = co_await ask_node();
    if (!node) co_return stopped();
    co_return http::json(node_json(*node, *all, unix_now_ms()));
  }

  awaitable<http::Response> sets(http::Request request) {
    const auto query = parse_set_query(request.query);
    if (!query) co_return http::error(query.error());
    const Sets all = co_await all_sets();
    co_return http::json(sets_json(*all, *query));
  }

  awaitable<http::Response> set(http::Request request) {
    const Sets all = co_await all_sets();
    const std::string name = request.path.substr(std::string_view("/api/sets/").size());
    auto found = set_json(*all, name);
    if (!found) co_return http::error(found.error());
    co_return http::json(*found);
  }

  awaitable<http::Response> elections(http::Request request) {
    const auto query = parse_election_query(request.query);
    if (!query) co_return http::error(query.error());
    const Sets all = co_await all_sets();
    co_return http::json(elections_json(*all, *query));
  }

  // On a thread of its own: a directory that hangs must not silence the probes that tell it.
  void measure_disk() {
    measuring_ = true;
    asio::post(disk_thread_.io(), [this] {
      asio::post(thread_.io(), [this, bytes = disk_usage_()] {
        disk_bytes_ = bytes;
        disk_at_ = Clock::now();
        measuring_ = false;
      });
    });
  }

  DoorPtr door_;
  std::function<std::optional<std::uint64_t>()> disk_usage_;
  net::IoThread thread_{"http"};
  net::IoThread disk_thread_{"disk usage"};
  std::optional<http::Server> server_;
  bool stopped_ = false;
  // The rest is the HTTP thread's.
  std::uint64_t next_question_ = 0;
  std::map<std::uint64_t, asio::steady_timer*> waiting_;  // questions under way
  Sets sets_;
  bool copying_ = false;
  Clock::time_point copied_at_{};
  std::optional<std::uint64_t> disk_bytes_;
  Clock::time_point disk_at_{};
  bool measuring_ = false;
};

HttpListener::HttpListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpListener::~HttpListener() { stop(); }

Result<std::unique_ptr<HttpListener>> HttpListener::start(asio::io_context& io, const net::Endpoint& listen,
                                                          Sources sources) {
  auto impl = std::make_shared<Impl>(io, std::move(sources));
  if (auto started = impl->start(listen); !started) {
    impl->stop();
    return std::unexpected(started.error());
  }
  return std::unique_ptr<HttpListener>(new HttpListener(std::move(impl)));
}

std::string HttpListener::url() const { return impl_->url(); }
void HttpListener::stop() { impl_->stop(); }

}  // namespace gantry::controller
