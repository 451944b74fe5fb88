#include "scaler/metrics_listener.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "exporter/exporter.h"
#include "exporter/metrics_route.h"
#include "http/server.h"
#include "net/io_thread.h"
#include "prometheus/text_writer.h"

namespace gantry::scaler {

using boost::asio::awaitable;

namespace {

awaitable<std::string> call_back(std::shared_ptr<std::function<std::string()>> make) { co_return (*make)(); }

}  // namespace

class MetricsListener::Impl {
 public:
  Impl(boost::asio::io_context& main, std::function<std::string()> own_series)
      : main_(main), own_series_(std::make_shared<std::function<std::string()>>(std::move(own_series))) {}
  ~Impl() { stop(); }

  Result<void> start(const net::Endpoint& listen, std::optional<Exported> exported) {
    thread_.start();
    return thread_.call([&]() -> Result<void> {
      if (exported) {
        auto cluster = rocketmq::Cluster::create(thread_.io(), std::move(exported->cluster));
        if (!cluster) return std::unexpected(cluster.error());
        cluster_ = std::move(*cluster);
        auto exporter = exporter::Exporter::start(thread_.io(), cluster_, exported->config);
        if (!exporter) return std::unexpected(exporter.error());
        exporter_ = std::move(*exporter);
      }
      server_ =
          std::make_unique<http::Server>(thread_.io(), http::ServerConfig{.host = listen.host, .port = listen.port});
      server_->route_async("GET", "/metrics", [this](http::Request) { return metrics(); });
      server_->get("/", exporter::link_to_metrics);
      return server_->start();
    });
  }

  std::string url() {
    return thread_.call([this] { return server_ ? server_->url() : std::string(); });
  }

  void rotate(gantry::wire::Credentials credentials) {
    thread_.call([&] {
      if (cluster_) cluster_->rotate(std::move(credentials));
    });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    thread_.call([this] {
      if (server_) server_->stop();
      if (exporter_) exporter_->stop();
      if (cluster_) cluster_->stop();
    });
    thread_.stop();
  }

 private:
  awaitable<http::Response> metrics() {
    auto own = own_series_;
    auto asked = call_back(own);
    std::string text = co_await boost::asio::co_spawn(main_, std::move(asked), boost::asio::use_awaitable);
    if (exporter_) text += exporter_->text();
    http::Response response = http::text(std::move(text));
    response.content_type = prometheus::kContentType;
    co_return response;
  }

  boost::asio::io_context& main_;
  std::shared_ptr<std::function<std::string()>> own_series_;
  net::IoThread thread_{"metrics"};
  std::shared_ptr<rocketmq::Cluster> cluster_;
  std::unique_ptr<exporter::Exporter> exporter_;
  std::unique_ptr<http::Server> server_;
  bool stopped_ = false;
};

MetricsListener::MetricsListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsListener::~MetricsListener() = default;

Result<std::unique_ptr<MetricsListener>> MetricsListener::start(boost::asio::io_context& io,
                                                                const net::Endpoint& listen,
                                                                std::optional<Exported> exported,
                                                                std::function<std::string()> own_series) {
  auto impl = std::make_unique<Impl>(io, std::move(own_series));
  if (auto started = impl->start(listen, std::move(exported)); !started) return std::unexpected(started.error());
  return std::unique_ptr<MetricsListener>(new MetricsListener(std::move(impl)));
}

std::string MetricsListener::url() const { return impl_->url(); }
void MetricsListener::rotate(gantry::wire::Credentials credentials) { impl_->rotate(std::move(credentials)); }
void MetricsListener::stop() { impl_->stop(); }

}  // namespace gantry::scaler
