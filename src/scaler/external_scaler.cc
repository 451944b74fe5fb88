#include "scaler/external_scaler.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <set>
#include <thread>

#include "externalscaler.grpc.pb.h"
#include "net/endpoint.h"
#include "net/spawn.h"
#include "net/tls.h"

// g++ 12 takes what a unity batch holds for a type of a header, and its parts from this file for a mistake
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

namespace gantry::scaler {

namespace asio = boost::asio;
namespace wire = externalscaler;
using asio::awaitable;

namespace {

constexpr unsigned kTlsRefreshSeconds = 2;
constexpr std::chrono::milliseconds kLastAnswers{200};
constexpr std::chrono::milliseconds kLookForIdle{10};

// The one mapping of our error codes to gRPC's.
grpc::Status to_status(const Error& error) {
  using grpc::StatusCode;
  const auto code = [&] {
    switch (error.code) {
      case Errc::invalid_argument: return StatusCode::INVALID_ARGUMENT;
      case Errc::not_found: return StatusCode::NOT_FOUND;
      case Errc::already_exists: return StatusCode::ALREADY_EXISTS;
      case Errc::unavailable: return StatusCode::UNAVAILABLE;
      case Errc::timeout: return StatusCode::DEADLINE_EXCEEDED;
      case Errc::permission_denied: return StatusCode::PERMISSION_DENIED;
      case Errc::unauthenticated: return StatusCode::UNAUTHENTICATED;
      case Errc::resource_exhausted: return StatusCode::RESOURCE_EXHAUSTED;
      case Errc::corrupt: return StatusCode::DATA_LOSS;
      case Errc::unimplemented: return StatusCode::UNIMPLEMENTED;
      case Errc::cancelled: return StatusCode::CANCELLED;
      case Errc::internal: break;
    }
    return StatusCode::INTERNAL;
  }();
  return {code, error.message};
}

ScaledObjectRef to_ref(const wire::ScaledObjectRef& from) {
  ScaledObjectRef ref{from.name(), from.namespace_(), {}};
  for (const auto& [key, value] : from.scalermetadata()) ref.metadata.emplace(key, value);
  return ref;
}

// Equal triggers have equal keys. Lengths stand before the texts, so no text can pass for the end of another.
std::string key_of(const ScaledObjectRef& ref) {
  std::string key;
  for (const auto& [name, value] : ref.metadata)
    key += fmt::format("{}:{}{}:{}", name.size(), name, value.size(), value);
  return key;
}

wire::GetMetricSpecResponse to_response(const std::vector<scaling::MetricSpec>& specs) {
  wire::GetMetricSpecResponse response;
  for (const scaling::MetricSpec& spec : specs) {
    auto* to = response.add_metricspecs();
    to->set_metricname(spec.name);
    to->set_targetsize(static_cast<std::int64_t>(spec.target));
    to->set_targetsizefloat(spec.target);
  }
  return response;
}

// One open stream. gRPC calls its reactions on threads of its own; everything else happens on the io_context, in order.
class StreamBase {
 public:
  virtual ~StreamBase() = default;
  virtual void end(grpc::Status status) = 0;
};

template <class Response>
class Stream final : public grpc::ServerWriteReactor<Response>, public StreamBase {
 public:
  Stream(asio::io_context& io, std::function<void(Stream*)> closed) : io_(io), closed_(std::move(closed)) {}

  // A newer value replaces one that is not yet on its way.
  void send(Response response) {
    next_ = std::move(response);
    go_on();
  }
  void end(grpc::Status status) override {
    if (end_) return;
    end_ = std::move(status);
    go_on();
  }

  void OnWriteDone(bool ok) override {
    asio::post(io_, [this, ok] {
      writing_ = false;
      if (!ok) next_.reset();
      if (!ok) return end(grpc::Status::CANCELLED);
      go_on();
    });
  }
  void OnCancel() override {
    asio::post(io_, [this] { end(grpc::Status::CANCELLED); });
  }
  // The last reaction: what was posted before it has run when this does.
  void OnDone() override {
    asio::post(io_, [this] {
      closed_(this);
      delete this;
    });
  }

 private:
  void go_on() {
    if (writing_ || finished_) return;
    if (end_) {
      finished_ = true;
      this->Finish(*end_);
    } else if (next_) {
      current_ = std::move(*next_);
      next_.reset();
      writing_ = true;
      this->StartWrite(&current_);
    }
  }

  asio::io_context& io_;
  std::function<void(Stream*)> closed_;
  Response current_;
  std::optional<Response> next_;
  std::optional<grpc::Status> end_;
  bool writing_ = false;
  bool finished_ = false;
};

using ActiveStream = Stream<wire::IsActiveResponse>;
using SpecStream = Stream<wire::GetMetricSpecResponse>;

Result<std::shared_ptr<grpc::ServerCredentials>> credentials_of(const GrpcTls& tls) {
  if (tls.certificate_file.empty()) return grpc::InsecureServerCredentials();
  // gRPC's own errors about files are lines in its log: let ours name the file first
  net::TlsFiles files;
  files.certificate_file = tls.certificate_file;
  files.key_file = tls.key_file;
  files.ca_file = tls.client_ca_file;
  if (auto usable = net::TlsContext::server(files); !usable) return std::unexpected(usable.error());
  namespace tls_options = grpc::experimental;
  auto provider = std::make_shared<tls_options::FileWatcherCertificateProvider>(tls.key_file, tls.certificate_file,
                                                                                tls.client_ca_file, kTlsRefreshSeconds);
  tls_options::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (tls.client_ca_file.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  // callers are known by their authority, not by the name of a host
  options.set_certificate_verifier(std::make_shared<tls_options::NoOpCertificateVerifier>());
  options.set_check_call_host(false);
  return tls_options::TlsServerCredentials(options);
}

}  // namespace

class ExternalScaler::Impl final : public wire::ExternalScaler::CallbackService,
                                   public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, GrpcConfig config, std::shared_ptr<Questions> questions,
       std::shared_ptr<ActivityWatch> watch)
      : io_(io), config_(std::move(config)), questions_(std::move(questions)), watch_(std::move(watch)) {}

  Result<void> start() {
    auto credentials = credentials_of(config_.tls);
    if (!credentials) return std::unexpected(credentials.error());
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    const std::string address = net::to_string(net::Endpoint{config_.host, config_.port});
    builder.AddListeningPort(address, *credentials, &port_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(config_.message_bytes_max));
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // a KEDA that went away without a word is noticed, and its streams with it
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    if (!server_ || port_ == 0) {
      return fail(Errc::unavailable, "cannot listen on {} for gRPC; is another process using the port?", address);
    }
    return {};
  }

  // gRPC's threads -------------------------------------------------------------------------------------------------

  grpc::ServerUnaryReactor* IsActive(grpc::CallbackServerContext* context, const wire::ScaledObjectRef* request,
                                     wire::IsActiveResponse* response) override {
    return answer(context, [this, response, ref = to_ref(*request)]() mutable {
      return is_active_into(std::move(ref), response);
    });
  }
  grpc::ServerUnaryReactor* GetMetricSpec(grpc::CallbackServerContext* context, const wire::ScaledObjectRef* request,
                                          wire::GetMetricSpecResponse* response) override {
    return answer(context, [this, response, ref = to_ref(*request)]() mutable {
      return get_metric_spec_into(std::move(ref), response);
    });
  }
  grpc::ServerUnaryReactor* GetMetrics(grpc::CallbackServerContext* context, const wire::GetMetricsRequest* request,
                                       wire::GetMetricsResponse* response) override {
    return answer(context,
                  [this, response, ref = to_ref(request->scaledobjectref()), name = request->metricname()]() mutable {
                    return get_metrics_into(std::move(ref), std::move(name), response);
                  });
  }
  grpc::ServerWriteReactor<wire::IsActiveResponse>* StreamIsActive(grpc::CallbackServerContext*,
                                                                   const wire::ScaledObjectRef* request) override {
    auto* stream = new ActiveStream(io_, [self = shared_from_this()](ActiveStream* closed) { self->closed(closed); });
    asio::post(io_, [self = shared_from_this(), stream, ref = to_ref(*request)] { self->open(stream, ref); });
    return stream;
  }
  grpc::ServerWriteReactor<wire::GetMetricSpecResponse>* StreamMetricSpec(
      grpc::CallbackServerContext*, const wire::ScaledObjectRef* request) override {
    auto* stream =
        new SpecStream(io_, [self = shared_from_this()](SpecStream* closed) { self->streams_.erase(closed); });
    asio::post(io_, [self = shared_from_this(), stream, ref = to_ref(*request)] { self->open(stream, ref); });
    return stream;
  }

  // our thread -----------------------------------------------------------------------------------------------------

  int port() const { return port_; }
  std::size_t streams() const { return streams_.size(); }

  void drain(std::chrono::milliseconds bound, std::function<void()> done) {
    if (draining_) return;
    draining_ = true;
    server_->GetHealthCheckService()->SetServingStatus(false);
    const auto streams = streams_;  // ending one changes them
    for (StreamBase* stream : streams) stream->end(grpc::Status::OK);
    end_when_idle(std::chrono::steady_clock::now() + bound, std::move(done));
  }

  // Whether gRPC calls us no more, so that we may be destroyed.
  bool ended() {
    if (!server_) return true;
    if (!ended_) return false;
    if (ending_.joinable()) ending_.join();
    return true;
  }

 private:
  // gRPC's own orderly end waits for its time limit as long as a caller stays connected, idle or not: so we wait for what
  // is under way, and give it only the moment that last answers need to leave.
  void end_when_idle(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
    if ((calls_ == 0 && streams_.empty()) || std::chrono::steady_clock::now() >= deadline) {
      // another thread has to wait, because calls that come now are still answered by ours
      ending_ = std::thread([self = shared_from_this(), done = std::move(done)]() mutable {
        self->server_->Shutdown(std::chrono::system_clock::now() + kLastAnswers);
        self->server_->Wait();
        self->ended_ = true;
        asio::post(self->io_, std::move(done));
      });
      return;
    }
    auto timer = std::make_shared<asio::steady_timer>(io_, kLookForIdle);
    timer->async_wait([self = shared_from_this(), timer, deadline, done = std::move(done)](auto) mutable {
      self->end_when_idle(deadline, std::move(done));
    });
  }

  struct Subscription {
    ActivityWatch::Id id = 0;
    ScaledObjectRef ref;
    kube::RocketmqTriggerMetadata trigger;
  };

  template <class Work>
  grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext* context, Work work) {
    auto* reactor = context->DefaultReactor();
    if (calls_.fetch_add(1) >= config_.calls_max) {
      --calls_;
      reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many calls wait for an answer of this scaler"});
      return reactor;
    }
    asio::co_spawn(io_, std::move(work), [this, reactor](std::exception_ptr thrown, Result<void> result) {
      --calls_;
      if (thrown) result = fail(Errc::internal, "a fault of the scaler, see its log");
      if (thrown) net::log_escaped("an answer to KEDA", thrown);
      reactor->Finish(result ? grpc::Status::OK : to_status(result.error()));
    });
    return reactor;
  }

  awaitable<Result<void>> is_active_into(ScaledObjectRef ref, wire::IsActiveResponse* response) {
    const auto active = co_await is_active(*questions_, std::move(ref));
    if (!active) co_return std::unexpected(active.error());
    response->set_result(*active);
    co_return Result<void>();
  }
  awaitable<Result<void>> get_metric_spec_into(ScaledObjectRef ref, wire::GetMetricSpecResponse* response) {
    const auto specs = get_metric_spec(*questions_, ref);
    if (!specs) co_return std::unexpected(specs.error());
    *response = to_response(*specs);
    co_return Result<void>();
  }
  awaitable<Result<void>> get_metrics_into(ScaledObjectRef ref, std::string name, wire::GetMetricsResponse* response) {
    const auto value = co_await get_metrics(*questions_, std::move(ref), name);
    if (!value) co_return std::unexpected(value.error());
    auto* metric = response->add_metricvalues();
    metric->set_metricname(name);
    metric->set_metricvalue(static_cast<std::int64_t>(*value));
    metric->set_metricvaluefloat(*value);
    co_return Result<void>();
  }

  // Registers a stream; ends it when it cannot be served.
  bool admit(StreamBase* stream) {
    if (draining_) {
      stream->end(grpc::Status::OK);
    } else if (streams_.size() >= config_.streams_max) {
      stream->end({grpc::StatusCode::RESOURCE_EXHAUSTED,
                   fmt::format("{} streams are open, the most that one scaler serves", streams_.size())});
    } else {
      streams_.insert(stream);
      return true;
    }
    return false;
  }

  void open(ActiveStream* stream, const ScaledObjectRef& ref) {
    if (!admit(stream)) return;
    auto trigger = parse_trigger(*questions_, ref);
    if (!trigger) return stream->end(to_status(trigger.error()));
    auto id = watch_->subscribe(key_of(ref), *trigger, [stream](bool active) {
      wire::IsActiveResponse response;
      response.set_result(active);
      stream->send(std::move(response));
    });
    if (!id) return stream->end(to_status(id.error()));
    questions_->objects->pushes(ref, *trigger, true);
    subscriptions_[stream] = {*id, ref, std::move(*trigger)};
  }

  void open(SpecStream* stream, const ScaledObjectRef& ref) {
    if (!admit(stream)) return;
    const auto specs = get_metric_spec(*questions_, ref);
    if (!specs) return stream->end(to_status(specs.error()));
    stream->send(to_response(*specs));  // targets come from the metadata alone: a change is another stream
  }

  void closed(ActiveStream* stream) {
    streams_.erase(stream);
    const auto found = subscriptions_.find(stream);
    if (found == subscriptions_.end()) return;
    watch_->unsubscribe(found->second.id);
    questions_->objects->pushes(found->second.ref, found->second.trigger, false);
    subscriptions_.erase(found);
  }

  asio::io_context& io_;
  GrpcConfig config_;
  std::shared_ptr<Questions> questions_;
  std::shared_ptr<ActivityWatch> watch_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::atomic<std::size_t> calls_ = 0;
  std::set<StreamBase*> streams_;
  std::map<ActiveStream*, Subscription> subscriptions_;
  bool draining_ = false;
  std::thread ending_;
  std::atomic<bool> ended_ = false;
};

ExternalScaler::ExternalScaler(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ExternalScaler::~ExternalScaler() {
  // Calls that our thread will never answer keep gRPC waiting for ever: then the process ends without its leave.
  if (!impl_->ended()) new std::shared_ptr<Impl>(impl_);
}

Result<std::unique_ptr<ExternalScaler>> ExternalScaler::start(asio::io_context& io, GrpcConfig config,
                                                              std::shared_ptr<Questions> questions,
                                                              std::shared_ptr<ActivityWatch> watch) {
  auto impl = std::make_shared<Impl>(io, std::move(config), std::move(questions), std::move(watch));
  if (auto started = impl->start(); !started) return std::unexpected(started.error());
  return std::unique_ptr<ExternalScaler>(new ExternalScaler(std::move(impl)));
}

std::uint16_t ExternalScaler::port() const { return static_cast<std::uint16_t>(impl_->port()); }
std::size_t ExternalScaler::streams() const { return impl_->streams(); }
void ExternalScaler::drain(std::chrono::milliseconds bound, std::function<void()> done) {
  impl_->drain(bound, std::move(done));
}

}  // namespace gantry::scaler
