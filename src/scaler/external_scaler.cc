#include "scaler/external_scaler.h"

#include "externalscaler.pb.h"
#include "rpc/reflection.h"

namespace gantry::scaler {

namespace wire = externalscaler;
using boost::asio::awaitable;

namespace {

constexpr const char* kService = "externalscaler.ExternalScaler";

ScaledObjectRef to_ref(const wire::ScaledObjectRef& from) {
  ScaledObjectRef ref{from.name(), from.namespace_(), {}};
  for (const auto& [key, value] : from.scalermetadata()) ref.metadata.emplace(key, value);
  return ref;
}

Result<ScaledObjectRef> parse_ref(const std::string& bytes) {
  wire::ScaledObjectRef request;
  if (!request.ParseFromString(bytes)) return fail(Errc::invalid_argument, "expected a ScaledObjectRef");
  return to_ref(request);
}

// Equal triggers have equal keys. Lengths stand before the texts, so no text can pass for the end of another.
std::string key_of(const ScaledObjectRef& ref) {
  // of the namespace, too: credentials by name may be for some only
  std::string key = fmt::format("{}:{}", ref.namespace_.size(), ref.namespace_);
  for (const auto& [name, value] : ref.metadata)
    key += fmt::format("{}:{}{}:{}", name.size(), name, value.size(), value);
  return key;
}

std::string encode(const std::vector<scaling::MetricSpec>& specs) {
  wire::GetMetricSpecResponse response;
  for (const scaling::MetricSpec& spec : specs) {
    auto* to = response.add_metricspecs();
    to->set_metricname(spec.name);
    to->set_targetsize(static_cast<std::int64_t>(spec.target));
    to->set_targetsizefloat(spec.target);
  }
  return response.SerializeAsString();
}

std::string encode(bool active) {
  wire::IsActiveResponse response;
  response.set_result(active);
  return response.SerializeAsString();
}

std::string encode(const std::string& metric_name, double value) {
  wire::GetMetricsResponse response;
  auto* metric = response.add_metricvalues();
  metric->set_metricname(metric_name);
  metric->set_metricvalue(static_cast<std::int64_t>(value));
  metric->set_metricvaluefloat(value);
  return response.SerializeAsString();
}

awaitable<Result<std::string>> serve_is_active(std::shared_ptr<Questions> questions,
                                               std::shared_ptr<ActivityWatch> watch, std::string bytes) {
  auto ref = parse_ref(bytes);
  if (!ref) co_return std::unexpected(ref.error());
  const std::string key = key_of(*ref);
  const auto active = co_await is_active(*questions, std::move(*ref));
  if (!active) co_return std::unexpected(active.error());
  if (!*active) watch->told_inactive(key);  // else a watch that saw it active would not push the next message at once
  co_return encode(*active);
}

awaitable<Result<std::string>> serve_get_metric_spec(std::shared_ptr<Questions> questions, std::string bytes) {
  const auto ref = parse_ref(bytes);
  if (!ref) co_return std::unexpected(ref.error());
  const auto specs = get_metric_spec(*questions, *ref);
  if (!specs) co_return std::unexpected(specs.error());
  co_return encode(*specs);
}

awaitable<Result<std::string>> serve_get_metrics(std::shared_ptr<Questions> questions, std::string bytes) {
  wire::GetMetricsRequest request;
  if (!request.ParseFromString(bytes)) co_return fail(Errc::invalid_argument, "expected a GetMetricsRequest");
  const auto value = co_await get_metrics(*questions, to_ref(request.scaledobjectref()), request.metricname());
  if (!value) co_return std::unexpected(value.error());
  co_return encode(request.metricname(), *value);
}

std::string method(const char* name) { return fmt::format("/{}/{}", kService, name); }

}  // namespace

Result<std::unique_ptr<ExternalScaler>> ExternalScaler::start(boost::asio::io_context& io, const GrpcConfig& config,
                                                              std::shared_ptr<Questions> questions,
                                                              std::shared_ptr<ActivityWatch> watch) {
  rpc::ServerConfig server;
  server.host = config.host;
  server.port = config.port;
  if (!config.tls.certificate_file.empty()) {
    net::TlsFiles files;
    files.certificate_file = config.tls.certificate_file;
    files.key_file = config.tls.key_file;
    files.ca_file = config.tls.client_ca_file;
    auto tls = net::WatchedTls::server(std::move(files));
    if (!tls) return std::unexpected(tls.error());
    server.tls = std::move(*tls);
  }
  std::unique_ptr<ExternalScaler> scaler(new ExternalScaler(std::move(questions), std::move(watch)));
  scaler->server_ = std::make_unique<rpc::Server>(io, std::move(server));
  scaler->serve();
  if (auto started = scaler->server_->start(); !started) return std::unexpected(started.error());
  return scaler;
}

ExternalScaler::~ExternalScaler() = default;

void ExternalScaler::serve() {
  server_->unary(method("IsActive"), [questions = questions_, watch = watch_](std::string request) {
    return serve_is_active(questions, watch, std::move(request));
  });
  server_->unary(method("GetMetricSpec"), [questions = questions_](std::string request) {
    return serve_get_metric_spec(questions, std::move(request));
  });
  server_->unary(method("GetMetrics"), [questions = questions_](std::string request) {
    return serve_get_metrics(questions, std::move(request));
  });
  const auto with_ref = [](auto serve) {
    return [serve](const std::shared_ptr<rpc::Call>& call, const std::string& request) {
      const auto ref = parse_ref(request);
      if (!ref) return call->finish(rpc::to_status(ref.error()));
      serve(call, *ref);
    };
  };
  server_->server_stream(method("StreamIsActive"),
                         with_ref([this](const auto& call, const auto& ref) { stream_is_active(call, ref); }));
  server_->server_stream(method("StreamMetricSpec"),
                         with_ref([this](const auto& call, const auto& ref) { stream_metric_spec(call, ref); }));
  health_ = rpc::Health::serve(*server_, {kService});
  rpc::serve_reflection(*server_, {kService, "grpc.health.v1.Health"});
}

void ExternalScaler::stream_is_active(const std::shared_ptr<rpc::Call>& call, const ScaledObjectRef& ref) {
  auto trigger = parse_trigger(*questions_, ref);
  if (!trigger) return call->finish(rpc::to_status(trigger.error()));
  const std::weak_ptr<rpc::Call> weak = call;
  const auto id = watch_->subscribe(key_of(ref), *trigger, [weak](bool active) {
    if (auto open = weak.lock()) open->send(encode(active));
  });
  if (!id) return call->finish(rpc::to_status(id.error()));
  questions_->objects->pushes(ref, *trigger, true);
  call->on_gone = [questions = questions_, watch = watch_, id = *id, ref, trigger = std::move(*trigger)] {
    watch->unsubscribe(id);
    questions->objects->pushes(ref, trigger, false);
  };
}

void ExternalScaler::stream_metric_spec(const std::shared_ptr<rpc::Call>& call, const ScaledObjectRef& ref) {
  const auto specs = get_metric_spec(*questions_, ref);
  if (!specs) return call->finish(rpc::to_status(specs.error()));
  call->send(encode(*specs));  // targets come from the metadata alone: a change is another stream
}

void ExternalScaler::drain(std::chrono::milliseconds bound, std::function<void()> done) {
  health_->not_serving();
  server_->drain(bound, std::move(done));
}

}  // namespace gantry::scaler
