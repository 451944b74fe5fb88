#include "kube_api/watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/spawn.h"

namespace gantry::kube_api {

namespace asio = boost::asio;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;

class Watch::Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(std::shared_ptr<Client> client, WatchConfig config, WatchOwner owner)
      : client_(std::move(client)), config_(std::move(config)), owner_(std::move(owner)), timer_(client_->io()) {}

  void start() { net::spawn(client_->io(), "the watch of " + config_.path, run(shared_from_this())); }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    stream_.close();
  }

  std::optional<Clock::time_point> fresh_at() const {
    if (watching_) return Clock::now();
    return fresh_at_;
  }
  const std::string& last_error() const { return error_; }

 private:
  static asio::awaitable<void> run(std::shared_ptr<Loop> self) {
    auto pause = self->config_.retry_min;
    while (!self->stopped_) {
      auto done = co_await self->round();
      if (self->stopped_) break;
      if (done) {  // the server has ended the watch in order, as it does every few minutes
        pause = self->config_.retry_min;
        continue;
      }
      const Errc code = done.error().code;
      // too old, or an event that cannot be read and would come again: only a new list gets over it
      if (code == Errc::cancelled || code == Errc::corrupt || code == Errc::resource_exhausted) self->version_.clear();
      if (self->was_open_) pause = self->config_.retry_min;
      if (self->error_ != done.error().message) {
        spdlog::warn("watching {}: {}; trying again", self->config_.path, done.error().message);
      }
      self->error_ = done.error().message;
      self->timer_.expires_after(pause);
      boost::system::error_code ignored;
      co_await self->timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      pause = std::min(pause * 2, self->config_.retry_max);
    }
  }

  // One list, if it is needed, and one watch to its end.
  asio::awaitable<Result<void>> round() {
    was_open_ = false;
    if (version_.empty()) {
      auto listed = co_await list();
      if (!listed) co_return listed;
    }
    if (stopped_) co_return Result<void>{};
    ListOptions options = config_.list;
    auto opened = co_await client_->watch(stream_, config_.path, std::move(options), version_);
    if (!opened) co_return opened;
    watching_ = was_open_ = true;
    error_.clear();
    auto ended = co_await events();
    watching_ = false;
    fresh_at_ = Clock::now();
    stream_.close();
    co_return ended;
  }

  asio::awaitable<Result<void>> list() {
    std::function<void()> begin = [this] {
      if (!stopped_) owner_.begin_list();
    };
    std::function<void(json::object&)> put = [this](json::object& item) {
      if (!stopped_) owner_.put(item);
    };
    ListOptions options = config_.list;
    auto version = co_await client_->list(config_.path, std::move(options), std::move(begin), std::move(put));
    if (!version) co_return std::unexpected(version.error());
    if (version->empty()) co_return fail(Errc::corrupt, "the list {} has no resourceVersion", config_.path);
    if (stopped_) co_return Result<void>{};
    version_ = std::move(*version);
    fresh_at_ = Clock::now();
    owner_.end_list();
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> events() {
    while (!stopped_) {
      auto line = co_await stream_.next();
      if (!line) co_return std::unexpected(line.error());
      if (stopped_ || !*line) break;
      auto event = parse_object(**line);
      if (!event) co_return std::unexpected(event.error());
      auto taken = take(*event);
      if (!taken) co_return taken;
    }
    co_return Result<void>{};
  }

  Result<void> take(const json::object& event) {
    const std::string_view type = text_of(event, "type");
    const json::object* object = object_of(event, "object");
    if (object == nullptr) return fail(Errc::corrupt, "an event of {} has no object", config_.path);
    if (type == "ERROR") {
      const json::value* code = object->if_contains("code");
      const int status = code != nullptr && code->is_int64() ? static_cast<int>(code->get_int64()) : 500;
      const std::string_view message = text_of(*object, "message");
      return std::unexpected(Error{status == 410 ? Errc::cancelled : Errc::unavailable,
                                   fmt::format("the API server ends the watch: {}", message)});
    }
    const json::object* metadata = object_of(*object, "metadata");
    const std::string_view version = metadata == nullptr ? std::string_view() : text_of(*metadata, "resourceVersion");
    if (version.empty()) return fail(Errc::corrupt, "an event of {} has no resourceVersion", config_.path);
    if (type == "ADDED" || type == "MODIFIED") {
      owner_.put(*object);
    } else if (type == "DELETED") {
      owner_.erase(*object);
    } else if (type != "BOOKMARK") {
      return {};  // of a newer server: nothing that we know how to keep
    }
    version_ = version;
    return {};
  }

  std::shared_ptr<Client> client_;
  const WatchConfig config_;
  const WatchOwner owner_;
  asio::steady_timer timer_;
  http::LineStream stream_;
  std::string version_;  // empty: to be listed
  std::string error_ = "not listed yet";
  std::optional<Clock::time_point> fresh_at_;
  bool watching_ = false;
  bool was_open_ = false;
  bool stopped_ = false;
};

Watch::Watch(std::shared_ptr<Client> client, WatchConfig config, WatchOwner owner)
    : loop_(std::make_shared<Loop>(std::move(client), std::move(config), std::move(owner))) {}

void Watch::start() { loop_->start(); }
void Watch::stop() { loop_->stop(); }
std::optional<Clock::time_point> Watch::fresh_at() const { return loop_->fresh_at(); }
std::string Watch::last_error() const { return loop_->last_error(); }

}  // namespace gantry::kube_api
