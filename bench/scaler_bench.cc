// scaler_bench: asks an external scaler what KEDA asks, as often as KEDA would for many ScaledObjects, and tells how long the
// answers take and what the scaler's process costs.

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/json_text.h"
#include "bench/latency.h"
#include "bench/server_process.h"
#include "externalscaler.grpc.pb.h"
#include "rocketmq/admin.h"
#include "rocketmq/cluster.h"
#include "rocketmq/producer.h"

namespace gantry::bench {
namespace {

struct ScalerOptions {
  std::string scaler = "127.0.0.1:6000";       // host:port, without TLS
  int pid = 0;                                 // of its process, for CPU and memory; 0: not measured
  std::string name_server = "127.0.0.1:9876";  // of the cluster that its triggers name; topics are made there
  std::vector<std::string> cases = {"cache", "read", "poll", "push"};
  std::int32_t objects = 2'000;
  std::int32_t queues = 8;
  double interval_s = 5;
  double seconds = 15;
  bool streams = false;
  bool json = false;
};

namespace asio = boost::asio;
namespace scaler_wire = externalscaler;
using asio::awaitable;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::int32_t kWideQueues = 1'000;
constexpr int kPollThreads = 4;
constexpr int kPushes = 50;
constexpr milliseconds kAnswerWithin{10'000};

struct ScalerRow {
  std::string name;
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;
  std::string first_error;
  Latency latency;
  double seconds = 0;
  std::optional<double> cpu_percent;
  std::optional<double> rss_mib;
};

void print_scaler_row(const ScalerRow& row, bool as_json) {
  const auto nullable = [](std::optional<double> value) { return value ? boost::json::value(*value) : nullptr; };
  if (as_json) {
    boost::json::object line{{"target", "gantry"},
                             {"case", "scaler " + row.name},
                             {"ops_per_s", static_cast<double>(row.calls) / row.seconds},
                             {"p50_ms", row.latency.percentile_ms(0.5)},
                             {"p99_ms", row.latency.percentile_ms(0.99)},
                             {"failed", row.failed},
                             {"cpu_percent", nullable(row.cpu_percent)},
                             {"server_rss_mib", nullable(row.rss_mib)}};
    if (!row.first_error.empty()) line["first_error"] = row.first_error;
    std::printf("%s\n", json_text(line).c_str());
  } else {
    std::printf("%-8s %10.0f calls/s  p50 %7.3f ms  p99 %7.3f ms  %llu failed", row.name.c_str(),
                static_cast<double>(row.calls) / row.seconds, row.latency.percentile_ms(0.5),
                row.latency.percentile_ms(0.99), static_cast<unsigned long long>(row.failed));
    if (row.cpu_percent) std::printf("  %5.1f %% of a core", *row.cpu_percent);
    if (row.rss_mib) std::printf("  %4.0f MiB", *row.rss_mib);
    std::printf("\n");
    if (!row.first_error.empty()) std::printf("    first error: %s\n", row.first_error.c_str());
  }
  std::fflush(stdout);
}

std::string topic_name(std::int32_t number) { return "bench_scaler_" + std::to_string(number); }
constexpr const char* kWideTopic = "bench_scaler_wide";
constexpr const char* kPushTopic = "bench_scaler_push";

// Runs one coroutine to its end on a loop of its own.
Result<void> on_cluster(const std::string& name_server,
                        const std::function<awaitable<Result<void>>(std::shared_ptr<rocketmq::Cluster>)>& work) {
  asio::io_context io(1);
  rocketmq::ClusterConfig config;
  config.name_servers = name_server;
  auto cluster = rocketmq::Cluster::create(io, std::move(config));
  if (!cluster) return std::unexpected(cluster.error());
  Result<void> result = fail(Errc::internal, "not run");
  asio::co_spawn(io, work(*cluster), [&](std::exception_ptr, Result<void> ended) {
    result = std::move(ended);
    (*cluster)->stop();
  });
  io.run();
  return result;
}

awaitable<Result<void>> make_topic(std::shared_ptr<rocketmq::Cluster> cluster, std::string name, std::int32_t queues) {
  rocketmq::AdminQueries admin(cluster);
  wire::TopicConfig topic;
  topic.topic_name = std::move(name);
  topic.read_queue_nums = topic.write_queue_nums = queues;
  co_return co_await admin.create_topic(std::move(topic));
}

// sent_at: set when everything is ready and the send itself begins.
awaitable<Result<void>> send_one(std::shared_ptr<rocketmq::Cluster> cluster, std::string topic,
                                 std::optional<Clock::time_point>* sent_at = nullptr) {
  rocketmq::ProducerConfig config;
  rocketmq::Producer producer(cluster, config);
  if (sent_at != nullptr) {
    if (auto route = co_await cluster->route(topic); !route) co_return std::unexpected(route.error());
    *sent_at = Clock::now();
  }
  rocketmq::Message message;
  message.topic = std::move(topic);
  message.body = "x";
  auto sent = co_await producer.send(std::move(message));
  if (!sent) co_return std::unexpected(sent.error());
  co_return Result<void>();
}

class ScalerBench {
 public:
  explicit ScalerBench(const ScalerOptions& options) : options_(options) { connect(); }

  bool run(const std::string& name) {
    ScalerRow row;
    row.name = name;
    const Result<void> prepared = prepare(name);
    if (!prepared) {
      std::fprintf(stderr, "gantry bench scaler: %s: %s\n", name.c_str(), prepared.error().message.c_str());
      return false;
    }
    const auto cpu = cpu_seconds(options_.pid);
    const auto begun = Clock::now();
    if (name == "poll") {
      poll(row);
    } else if (name == "push") {
      push(row);
    } else {
      ask_one(name == "cache" ? topic_name(0) : kWideTopic, name == "cache" ? milliseconds(0) : milliseconds(150), row);
    }
    row.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    const auto cpu_after = cpu_seconds(options_.pid);
    if (cpu && cpu_after) row.cpu_percent = 100 * (*cpu_after - *cpu) / row.seconds;
    row.rss_mib = resident_mib(options_.pid);
    print_scaler_row(row, options_.json);
    return row.calls > row.failed;
  }

 private:
  void connect() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = scaler_wire::ExternalScaler::NewStub(
        grpc::CreateCustomChannel(options_.scaler, grpc::InsecureChannelCredentials(), arguments));
  }

  Result<void> prepare(const std::string& name) {
    return on_cluster(options_.name_server, [&](std::shared_ptr<rocketmq::Cluster> cluster) -> awaitable<Result<void>> {
      const std::int32_t topics = name == "poll" ? options_.objects : 1;
      Result<void> made = co_await make_topic(cluster, kWideTopic, kWideQueues);
      if (made) made = co_await make_topic(cluster, kPushTopic, options_.queues);
      for (std::int32_t i = 0; made && i < topics; ++i) {
        made = co_await make_topic(cluster, topic_name(i), options_.queues);
        if (made) made = co_await send_one(cluster, topic_name(i));
      }
      co_return made;
    });
  }

  scaler_wire::ScaledObjectRef ref(const std::string& topic) const {
    scaler_wire::ScaledObjectRef ref;
    ref.set_name(topic);
    ref.set_namespace_("bench");
    auto& metadata = *ref.mutable_scalermetadata();
    metadata["scalerAddress"] = options_.scaler;
    metadata["nameServers"] = options_.name_server;
    metadata["topic"] = topic;
    metadata["consumerGroup"] = "bench_scaler_group";
    metadata["lagThreshold"] = "10";
    return ref;
  }

  template <class Call>
  void timed(ScalerRow& row, std::mutex* mutex, Call call) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kAnswerWithin);
    const auto begun = Clock::now();
    const grpc::Status status = call(context);
    const auto took = Clock::now() - begun;
    std::unique_lock<std::mutex> lock;
    if (mutex != nullptr) lock = std::unique_lock(*mutex);
    ++row.calls;
    row.latency.add(took);
    if (status.ok()) return;
    if (row.failed++ == 0) row.first_error = status.error_message();
  }

  void get_metrics(ScalerRow& row, const scaler_wire::ScaledObjectRef& ref, std::mutex* mutex) {
    timed(row, mutex, [&](grpc::ClientContext& context) {
      scaler_wire::GetMetricsRequest request;
      *request.mutable_scaledobjectref() = ref;
      request.set_metricname("lag");
      scaler_wire::GetMetricsResponse response;
      return stub_->GetMetrics(&context, request, &response);
    });
  }

  void ask_one(const std::string& topic, milliseconds pause, ScalerRow& row) {
    const scaler_wire::ScaledObjectRef object = ref(topic);
    const auto until = Clock::now() + std::chrono::duration<double>(options_.seconds);
    while (Clock::now() < until) {
      get_metrics(row, object, nullptr);
      if (pause.count() > 0) std::this_thread::sleep_for(pause);
    }
  }

  // As KEDA's scale loop for each object: three calls one after the other, the objects spread over the interval.
  void poll(ScalerRow& row) {
    std::vector<scaler_wire::ScaledObjectRef> objects;
    for (std::int32_t i = 0; i < options_.objects; ++i) objects.push_back(ref(topic_name(i)));
    std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
    std::vector<std::unique_ptr<grpc::ClientReader<scaler_wire::IsActiveResponse>>> active;
    std::vector<std::unique_ptr<grpc::ClientReader<scaler_wire::GetMetricSpecResponse>>> specs;
    if (options_.streams) {
      for (const auto& object : objects) {
        active.push_back(stub_->StreamIsActive(contexts.emplace_back(new grpc::ClientContext).get(), object));
        specs.push_back(stub_->StreamMetricSpec(contexts.emplace_back(new grpc::ClientContext).get(), object));
      }
    }
    std::mutex mutex;
    const auto begun = Clock::now();
    const auto until = begun + std::chrono::duration<double>(options_.seconds);
    const std::chrono::duration<double> step(options_.interval_s / options_.objects);
    std::vector<std::thread> threads;
    for (int t = 0; t < kPollThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t turn = static_cast<std::size_t>(t);; turn += kPollThreads) {
          const auto due = begun + std::chrono::duration_cast<Clock::duration>(step * static_cast<double>(turn));
          if (due >= until) return;
          std::this_thread::sleep_until(due);
          const auto& object = objects[turn % objects.size()];
          timed(row, &mutex, [&](grpc::ClientContext& context) {
            scaler_wire::GetMetricSpecResponse response;
            return stub_->GetMetricSpec(&context, object, &response);
          });
          get_metrics(row, object, &mutex);
          timed(row, &mutex, [&](grpc::ClientContext& context) {
            scaler_wire::IsActiveResponse response;
            return stub_->IsActive(&context, object, &response);
          });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (auto& context : contexts) context->TryCancel();
    for (auto& stream : active) stream->Finish();
    for (auto& stream : specs) stream->Finish();
  }

  // Each time a topic of its own, idle until its first message.
  void push(ScalerRow& row) {
    for (int i = 0; i < kPushes; ++i) {
      const std::string topic = fmt::format("{}_{}_{}", kPushTopic, i, Clock::now().time_since_epoch().count());
      const auto made =
          on_cluster(options_.name_server, [&](auto cluster) { return make_topic(cluster, topic, options_.queues); });
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + kAnswerWithin);
      auto stream = stub_->StreamIsActive(&context, ref(topic));
      scaler_wire::IsActiveResponse response;
      std::optional<Clock::time_point> sent_at;
      Result<void> sent = made;
      if (made && stream->Read(&response) && !response.result()) {
        std::thread sender([&] {
          sent = on_cluster(options_.name_server, [&](auto cluster) { return send_one(cluster, topic, &sent_at); });
        });
        const bool pushed = stream->Read(&response) && response.result();
        const auto pushed_at = Clock::now();
        sender.join();
        ++row.calls;
        if (pushed && sent && sent_at) {
          row.latency.add(pushed_at - *sent_at);
        } else if (row.failed++ == 0) {
          row.first_error = sent ? "no push within the time" : sent.error().message;
        }
      } else if (++row.calls, row.failed++ == 0) {
        row.first_error = "the stream did not begin with false";
      }
      context.TryCancel();
      stream->Finish();
    }
  }

  const ScalerOptions& options_;
  std::unique_ptr<scaler_wire::ExternalScaler::Stub> stub_;
};

}  // namespace

int run(const ScalerOptions& options) {
  ScalerBench bench(options);
  bool all = true;
  for (const std::string& name : options.cases) all = bench.run(name) && all;
  return all ? 0 : 1;
}

}  // namespace gantry::bench

int main(int argc, char** argv) {
  gantry::bench::ScalerOptions options;
  CLI::App app("Asks an external scaler what KEDA asks.");
  app.add_option("--scaler", options.scaler, "HOST:PORT of its gRPC listener")->capture_default_str();
  app.add_option("--pid", options.pid, "its process, for CPU and memory");
  app.add_option("--namesrv", options.name_server, "of the cluster where topics are made for it")
      ->capture_default_str();
  app.add_option(
         "--case", options.cases,
         "cache: GetMetrics of one topic out of the cache; read: each call reads 1,000 queues (start the scaler with "
         "readingMaxAge 100ms); poll: GetMetricSpec, GetMetrics, IsActive of many objects, each with a topic of "
         "its own; push: from a send to StreamIsActive's true")
      ->check(CLI::IsMember({"cache", "read", "poll", "push"}))
      ->delimiter(',');
  app.add_option("--objects", options.objects, "of poll")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--interval", options.interval_s, "of poll: seconds between two polls of an object")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--queues", options.queues, "of each topic")->check(CLI::Range(1, 65'536))->capture_default_str();
  app.add_option("--seconds", options.seconds, "of each case")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_flag("--streams", options.streams, "poll: with both streams of each object open");
  app.add_flag("--json", options.json, "a line of JSON for each case");
  CLI11_PARSE(app, argc, argv);
  return gantry::bench::run(options);
}
