#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <optional>

#include "base/json_text.h"
#include "bench/controller.h"
#include "bench/controller_cases.h"
#include "bench/controller_session.h"
#include "bench/server_process.h"
#include "net/spawn.h"

namespace gantry::bench {
namespace {

using boost::asio::awaitable;
namespace asio = boost::asio;

constexpr std::chrono::milliseconds kControllerWarmUpMin{300};
constexpr std::chrono::milliseconds kControllerLookEvery{2};  // whether the window was ended early
constexpr std::chrono::milliseconds kLonger{20};
constexpr int kLongerMax = 10;
constexpr double kQuietCores = 0.1;  // of others, above which a row says that the machine was not quiet

struct ControllerRow {
  std::string name;
  std::size_t in_flight = 0;
  ControllerCount count;
  double seconds = 0;
  std::optional<double> server_cpu_s;
  std::vector<double> server_rss_mib;
  std::optional<double> client_cpu_s;
  std::optional<double> other_cores;  // busy with neither the servers nor us
  double ops_per_s() const { return static_cast<double>(count.operations) / seconds; }
  std::optional<double> server_us_per_op() const {
    if (!server_cpu_s || count.operations == 0) return std::nullopt;
    return *server_cpu_s * 1e6 / static_cast<double>(count.operations);
  }
};

// CPU seconds that all of the machine's cores were busy since it started; nullopt where that is not told.
std::optional<double> machine_cpu_seconds() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0;
  if (!(file >> name >> user >> nice >> system >> idle >> wait >> irq >> soft)) return std::nullopt;
  return (user + nice + system + irq + soft) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// CPU of servers, of ourselves and of the whole machine at one moment.
struct CpuClock {
  std::optional<double> servers;
  std::optional<double> client = cpu_seconds(::getpid());
  std::optional<double> machine = machine_cpu_seconds();

  explicit CpuClock(const std::vector<int>& pids) {
    for (int pid : pids) {
      const auto one = cpu_seconds(pid);
      if (!one) continue;  // it ended; what is left is still told
      servers = servers.value_or(0) + *one;
    }
  }
};

boost::json::value or_null(std::optional<double> value) {
  return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

void print_controller_row(const ControllerRow& row, const ControllerOptions& options, std::size_t sets) {
  if (options.json) {
    boost::json::object line{{"target", options.target},
                             {"case", row.name},
                             {"in_flight", row.in_flight},
                             {"connections", options.connections},
                             {"sets", sets},
                             {"seconds", row.seconds},
                             {"ops_per_s", row.ops_per_s()},
                             {"p50_ms", row.count.latency.percentile_ms(0.50)},
                             {"p99_ms", row.count.latency.percentile_ms(0.99)},
                             {"failed", row.count.failed},
                             {"server_cpu_s", or_null(row.server_cpu_s)},
                             {"server_us_per_op", or_null(row.server_us_per_op())},
                             {"client_cpu_s", or_null(row.client_cpu_s)},
                             {"other_cores", or_null(row.other_cores)}};
    if (row.name == kPacedCase) line["behind_ms"] = row.count.behind_ms;
    boost::json::object errors;
    for (const auto& [code, times] : row.count.errors) errors[code] = times;
    line["errors"] = std::move(errors);
    boost::json::array resident;
    for (double mib : row.server_rss_mib) resident.emplace_back(mib);
    line["server_rss_mib"] = std::move(resident);
    if (!row.count.first_error.empty()) line["first_error"] = row.count.first_error;
    std::printf("%s\n", json_text(line).c_str());
  } else {
    const auto us = row.server_us_per_op();
    const auto rss_max = std::ranges::max_element(row.server_rss_mib);
    const std::string rss = rss_max == row.server_rss_mib.end() ? "-" : fmt::format("{:.0f}", *rss_max);
    std::printf("%-10s %-22s %9zu %10.0f %10.3f %10.3f %8llu %12s %10s%s\n", options.target.c_str(), row.name.c_str(),
                row.in_flight, row.ops_per_s(), row.count.latency.percentile_ms(0.50),
                row.count.latency.percentile_ms(0.99), static_cast<unsigned long long>(row.count.failed),
                us ? fmt::format("{:.1f}", *us).c_str() : "-", rss.c_str(),
                row.other_cores.value_or(0) > kQuietCores
                    ? fmt::format("  not quiet: {:.1f} cores busy with other work", *row.other_cores).c_str()
                    : "");
    if (row.count.behind_ms > 100) std::printf("    %.0f ms behind: we could not send faster\n", row.count.behind_ms);
    for (const auto& [code, times] : row.count.errors) {
      std::printf("    %llu x %s\n", static_cast<unsigned long long>(times), code.c_str());
    }
    if (!row.count.first_error.empty()) std::printf("    first error: %s\n", row.count.first_error.c_str());
  }
  std::fflush(stdout);
}

awaitable<void> wait_for(SteadyClock::time_point when) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  co_await timer.async_wait(asio::use_awaitable);
}

// One less when it ends, however it does.
struct WorkerAtWork {
  std::size_t& count;
  ~WorkerAtWork() { --count; }
};

awaitable<void> work(ControllerSession& session, ControllerWorker worker, std::size_t index, Window& window,
                     ControllerCount& count, std::size_t& running) {
  const WorkerAtWork at_work{running};
  co_await worker(session, index, window, count);
}

awaitable<ControllerRow> measure_controller(ControllerSession& session, std::string name, std::size_t in_flight) {
  const ControllerOptions& options = session.options();
  const ControllerWorker worker = controller_worker(name, in_flight, options.registered_max);
  ControllerRow row;
  row.name = name;
  row.in_flight = name == kPacedCase ? 0 : in_flight;
  Window window;
  auto warm_up = std::max(kControllerWarmUpMin, std::chrono::milliseconds(static_cast<int>(options.seconds * 100)));
  // a fleet opens its connections in it
  if (name == kPacedCase) warm_up = std::max(warm_up, std::chrono::milliseconds(session.sets().size() / 2));
  window.begin = SteadyClock::now() + warm_up;
  window.end = window.begin + std::chrono::milliseconds(static_cast<int>(options.seconds * 1'000));
  std::size_t running = in_flight;
  auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < in_flight; ++i) {
    net::spawn(executor, "a worker of the bench", work(session, worker, i, window, row.count, running));
  }
  co_await wait_for(window.begin);
  const CpuClock before(options.pids);
  // where an answer takes longer than the window, the window waits for one of each worker
  const auto end_max = window.begin + kLongerMax * (window.end - window.begin);
  while (!window.over()) {
    const auto now = SteadyClock::now();
    const bool answered = row.count.operations + row.count.failed >= in_flight;
    if (!answered && running > 0 && window.end < end_max && now + kLonger > window.end) window.end += kLonger;
    co_await wait_for(std::min(window.end, now + kControllerLookEvery));
  }
  const CpuClock after(options.pids);
  while (running > 0) co_await wait_for(SteadyClock::now() + std::chrono::milliseconds(5));

  row.seconds = std::max(0.001, std::chrono::duration<double>(window.end - window.begin).count());
  if (before.servers && after.servers) row.server_cpu_s = *after.servers - *before.servers;
  if (before.client && after.client) row.client_cpu_s = *after.client - *before.client;
  if (before.machine && after.machine && row.client_cpu_s && !options.pids.empty()) {
    row.other_cores = std::max(
        0.0, (*after.machine - *before.machine - *row.client_cpu_s - row.server_cpu_s.value_or(0)) / row.seconds);
  }
  for (int pid : options.pids) {
    if (const auto mib = resident_mib(pid)) row.server_rss_mib.push_back(*mib);
  }
  co_return row;
}

// On standard error: rows may be read by programs.
void tell_what_stays(const ControllerSession& session) {
  if (session.made_count() == 0) return;
  std::fprintf(stderr,
               "gantry bench: %zu replica sets of cluster %s stay; to remove them: gantry bench controller --endpoints "
               "'%s' --remove %s\n",
               session.made_count(), kBenchCluster, session.options().endpoints.c_str(), session.made().c_str());
}

awaitable<void> run_cases(ControllerSession& session, int& exit_code) {
  const ControllerOptions& options = session.options();
  if (auto prepared = co_await session.prepare(); !prepared) {
    std::fprintf(stderr, "gantry bench: %s: %s\n", options.target.c_str(), prepared.error().message.c_str());
    exit_code = 1;
  } else {
    for (const std::string& name : options.cases) {
      const std::vector<std::size_t> once = {1};
      for (std::size_t in_flight : name == kPacedCase ? once : options.in_flight) {
        if (auto found = co_await session.find_leader(); !found) {
          std::fprintf(stderr, "gantry bench: %s\n", found.error().message.c_str());
          exit_code = 1;
          continue;
        }
        const ControllerRow row = co_await measure_controller(session, name, in_flight);
        print_controller_row(row, options, session.sets().size());
      }
    }
  }
  if (options.keep) {
    tell_what_stays(session);
  } else {
    co_await session.clean();
  }
  session.stop();
}

awaitable<void> remove_kept(ControllerSession& session, int& exit_code) {
  auto adopted = session.adopt(session.options().remove);
  if (adopted) adopted = co_await session.find_leader();
  if (!adopted) {
    std::fprintf(stderr, "gantry bench: %s\n", adopted.error().message.c_str());
    exit_code = adopted.error().code == Errc::invalid_argument ? 2 : 1;
  } else {
    const std::size_t gone = co_await session.clean();
    std::printf("removed %zu of %zu replica sets\n", gone, session.made_count());
    if (gone < session.made_count()) exit_code = 1;
  }
  session.stop();
}

}  // namespace

int run_controller(const ControllerOptions& asked) {
  ControllerOptions options = asked;
  // workers that change sets need one each
  const bool paced_only = options.cases == std::vector{kPacedCase};
  for (std::size_t in_flight : options.in_flight) {
    if (!paced_only) options.sets = std::max(options.sets, in_flight);
  }
  asio::io_context io(1);
  int exit_code = 0;
  if (!options.json && options.remove.empty()) {
    std::printf("%-10s %-22s %9s %10s %10s %10s %8s %12s %10s\n", "target", "case", "in flight", "ops/s", "p50 ms",
                "p99 ms", "failed", "server us/op", "MiB a node");
  }
  ControllerSession session(io, options);
  auto run = options.remove.empty() ? run_cases(session, exit_code) : remove_kept(session, exit_code);
  asio::co_spawn(io, std::move(run), [&](std::exception_ptr error) {
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
