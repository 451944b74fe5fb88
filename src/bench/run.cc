#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <optional>

#include "base/json_text.h"
#include "base/parse_number.h"
#include "bench/cases.h"
#include "bench/options.h"
#include "bench/server_process.h"
#include "bench/session.h"
#include "net/spawn.h"

namespace gantry::bench {
namespace {

using boost::asio::awaitable;
namespace asio = boost::asio;

constexpr std::chrono::milliseconds kWarmUpMin{300};
constexpr std::chrono::milliseconds kMeasuredMin{200};
constexpr std::chrono::milliseconds kLookEvery{2};  // whether the window was ended early
constexpr std::uint64_t kFillBytes = 64 * 1024 * 1024;
// more than a measurement takes as a rule; one that takes all ends early
constexpr double kPopMessagesPerSecond = 250'000;
constexpr double kPopBytesMax = 1.2e9;
constexpr std::uint64_t kRecordBytes = 256;  // of a message beside its body, about

struct Row {
  std::string target;
  std::string name;
  std::size_t in_flight = 0;
  std::size_t body_bytes = 0;
  std::int32_t queues = 0;
  double ops_per_s = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  std::uint64_t failed = 0;
  std::string first_error;
  std::optional<double> server_cpu_s;
  std::optional<double> server_us_per_op;
  std::optional<double> server_rss_mib;
};

boost::json::value nullable(std::optional<double> value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

void print(const Row& row, bool json) {
  if (json) {
    boost::json::object line{{"target", row.target},
                             {"case", row.name},
                             {"in_flight", row.in_flight},
                             {"body_bytes", row.body_bytes},
                             {"queues", row.queues},
                             {"ops_per_s", row.ops_per_s},
                             {"p50_ms", row.p50_ms},
                             {"p99_ms", row.p99_ms},
                             {"failed", row.failed},
                             {"server_cpu_s", nullable(row.server_cpu_s)},
                             {"server_us_per_op", nullable(row.server_us_per_op)},
                             {"server_rss_mib", nullable(row.server_rss_mib)}};
    if (!row.first_error.empty()) line["first_error"] = row.first_error;
    std::printf("%s\n", json_text(line).c_str());
  } else {
    const auto text = [](std::optional<double> value, const char* format) {
      char buffer[32];
      if (!value) return std::string("-");
      std::snprintf(buffer, sizeof buffer, format, *value);
      return std::string(buffer);
    };
    std::printf("%-10s %-6s %9zu %10zu %12.0f %9.3f %9.3f %8llu %12s %10s\n", row.target.c_str(), row.name.c_str(),
                row.in_flight, row.body_bytes, row.ops_per_s, row.p50_ms, row.p99_ms,
                static_cast<unsigned long long>(row.failed), text(row.server_us_per_op, "%.1f").c_str(),
                text(row.server_rss_mib, "%.0f").c_str());
    if (!row.first_error.empty()) std::printf("    first error: %s\n", row.first_error.c_str());
  }
  std::fflush(stdout);
}

struct Measurement {
  std::string name;
  std::size_t in_flight;
  std::size_t body_bytes;
};

// One less when it ends, however it does.
struct AtWork {
  std::size_t& count;
  ~AtWork() { --count; }
};

awaitable<void> wait_until(SteadyClock::time_point when) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<Result<Row>> measure(Session& session, const Options& options, const Measurement& what) {
  // a topic of its own for each measurement, so that none starts in what another left
  const std::string topic = fmt::format("bench_{}_{}_{}_{}", what.name, what.body_bytes, what.in_flight,
                                        std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000'007);
  if (auto made = co_await session.create_topic(topic, options.queues); !made) co_return std::unexpected(made.error());
  Worker worker;
  std::uint64_t messages = 0;
  if (what.name == "send") worker = send_worker(topic, what.body_bytes, options.queues);
  if (what.name == "batch") worker = batch_worker(topic, what.body_bytes, options.queues);
  if (what.name == "lag") worker = lag_worker(topic, "gantry-bench"), messages = 1'000;
  if (what.name == "pull") {
    worker = pull_worker(topic, options.queues);
    messages = std::max<std::uint64_t>(1'000, kFillBytes / (what.body_bytes + kRecordBytes));
  }
  if (what.name == "pop") {
    const double few = std::min(1.0, static_cast<double>(what.in_flight + 4) / 16);  // these take less
    messages =
        static_cast<std::uint64_t>(few * std::min((options.seconds * 1.2 + 0.5) * kPopMessagesPerSecond,
                                                  kPopBytesMax / static_cast<double>(what.body_bytes + kRecordBytes)));
    worker = pop_worker(topic, "gantry-bench-pop", what.in_flight, messages);
  }
  if (messages > 0) {
    if (auto filled = co_await fill(session, topic, what.body_bytes, options.queues, messages); !filled) {
      co_return std::unexpected(filled.error());
    }
  }

  const auto warm_up = std::max<std::chrono::milliseconds>(
      kWarmUpMin, std::chrono::milliseconds(static_cast<int>(options.seconds * 100)));
  const std::chrono::milliseconds asked(static_cast<int>(options.seconds * 1'000));
  Window window;
  window.begin = SteadyClock::now() + warm_up;
  window.end = window.begin + asked;
  Count count;
  std::size_t running = what.in_flight;
  auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < what.in_flight; ++i) {
    net::spawn(
        executor, "a worker of the bench",
        [](Session& s, Worker w, std::size_t index, Window& win, Count& c, std::size_t& left) -> awaitable<void> {
          const AtWork at_work{left};
          co_await w(s, index, win, c);
        }(session, worker, i, window, count, running));
  }
  co_await wait_until(window.begin);
  const auto cpu_begin = cpu_seconds(session.target().pid);
  while (!window.over()) co_await wait_until(std::min(window.end, SteadyClock::now() + kLookEvery));
  const auto cpu_end = cpu_seconds(session.target().pid);
  while (running > 0) co_await wait_until(SteadyClock::now() + std::chrono::milliseconds(5));

  const std::chrono::duration<double> measured = window.end - window.begin;
  if (measured < std::min(kMeasuredMin, asked)) {
    co_return fail(Errc::resource_exhausted, "the {} messages to pop were gone after {:.1f} s", messages,
                   measured.count());
  }
  Row row{session.target().name, what.name, what.in_flight, what.body_bytes, options.queues};
  row.ops_per_s = static_cast<double>(count.operations) / measured.count();
  row.p50_ms = count.latency.percentile_ms(0.50);
  row.p99_ms = count.latency.percentile_ms(0.99);
  row.failed = count.failed;
  row.first_error = count.first_error;
  if (cpu_begin && cpu_end) {
    row.server_cpu_s = *cpu_end - *cpu_begin;
    if (count.operations > 0) row.server_us_per_op = *row.server_cpu_s * 1e6 / static_cast<double>(count.operations);
  }
  row.server_rss_mib = resident_mib(session.target().pid);
  co_return row;
}

awaitable<void> run_all(asio::io_context& io, const Options& options, int& exit_code) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (const Target& target : options.targets) {
    auto session = std::make_unique<Session>(io, target);
    if (auto connected = co_await session->connect(); !connected) {
      std::fprintf(stderr, "gantry bench: %s\n", connected.error().message.c_str());
      exit_code = 1;
      co_return;
    }
    sessions.push_back(std::move(session));
  }
  for (const std::string& name : options.cases) {
    for (std::size_t bytes : options.body_bytes) {
      for (std::size_t in_flight : options.in_flight) {
        for (auto& session : sessions) {
          // named, as g++ 12 destroys an aggregate made in a co_await expression twice
          const Measurement what{name, in_flight, bytes};
          auto row = co_await measure(*session, options, what);
          if (row) {
            print(*row, options.json);
          } else {
            std::fprintf(stderr, "gantry bench: %s %s: %s\n", session->target().name.c_str(), name.c_str(),
                         row.error().message.c_str());
            exit_code = 1;
          }
        }
      }
    }
  }
  for (auto& session : sessions) {
    co_await session->delete_topics();  // it may be somebody's cluster
    session->client().stop();
  }
}

}  // namespace

Result<Target> parse_target(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Errc::invalid_argument, "target \"{}\": expected NAME=HOST:PORT or NAME=HOST:PORT@PID", text);
  }
  Target target{text.substr(0, equals), text.substr(equals + 1), 0};
  if (const auto at = target.name_server.find('@'); at != std::string::npos) {
    const std::string pid = target.name_server.substr(at + 1);
    if (!parse_number(pid, target.pid) || target.pid <= 0) {
      return fail(Errc::invalid_argument, "target \"{}\": expected a process id after '@', got \"{}\"", text, pid);
    }
    target.name_server.resize(at);
  }
  return target;
}

int run(const Options& options) {
  asio::io_context io(1);
  int exit_code = 0;
  if (!options.json) {
    std::printf("%-10s %-6s %9s %10s %12s %9s %9s %8s %12s %10s\n", "target", "case", "in flight", "body bytes",
                "ops/s", "p50 ms", "p99 ms", "failed", "server us/op", "server MiB");
  }
  asio::co_spawn(io, run_all(io, options, exit_code), [&](std::exception_ptr error) {
    if (error) {
      net::log_escaped("gantry bench", error);
      exit_code = 1;
    }
    io.stop();
  });
  io.run();
  return exit_code;
}

}  // namespace gantry::bench
