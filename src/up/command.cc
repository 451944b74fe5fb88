#include "up/command.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/exit_code.h"
#include "base/json_text.h"
#include "broker/broker.h"
#include "net/io_thread.h"
#include "net/shutdown.h"
#include "up/page.h"
#include "up/plan.h"
#include "up/problems.h"
#include "up/show.h"
#include "up/temporary_directory.h"
#include "up/terminal_view.h"
#include "workload/own_program.h"

namespace gantry::up {
namespace {

constexpr std::chrono::milliseconds kGrace{1'200};  // of workers at the end: everything stops within 2 s
constexpr std::chrono::milliseconds kStopBound{2'000};

int report_error(const Error& error) {
  std::fprintf(stderr, "gantry up: %s\n", error.message.c_str());
  return exit_code_of(error);
}

// The embedded broker on a thread of its own, with its data.
class EmbeddedBroker {
 public:
  static Result<std::unique_ptr<EmbeddedBroker>> start(const Options& options) {
    std::unique_ptr<EmbeddedBroker> embedded(new EmbeddedBroker());
    broker::Config config;
    config.namesrv_host = options.namesrv_listen.host;
    config.namesrv_port = options.namesrv_listen.port;
    config.host = options.broker_listen.host;
    config.port = options.broker_listen.port;
    config.advertised_host = options.advertised_host;
    config.data_directory = options.data_dir;
    if (options.data_dir.empty()) {
      auto temporary = TemporaryDirectory::create();
      if (!temporary) return std::unexpected(temporary.error());
      embedded->temporary_.emplace(std::move(*temporary));
      config.data_directory = embedded->temporary_->path();
    }
    embedded->thread_.start();
    auto started = embedded->thread_.call([&] { return broker::Broker::start(embedded->thread_.io(), config); });
    if (!started) return std::unexpected(started.error());
    embedded->broker_ = std::move(*started);
    return embedded;
  }

  ~EmbeddedBroker() {
    if (broker_)
      thread_.call([this] {
        broker_->stop();
        broker_.reset();
      });
    thread_.stop();
  }

  const std::string& name_server() const { return broker_->namesrv_address(); }

 private:
  EmbeddedBroker() : thread_("broker") {}

  std::optional<TemporaryDirectory> temporary_;  // outlives the broker
  net::IoThread thread_;
  std::unique_ptr<broker::Broker> broker_;
};

Result<std::shared_ptr<rocketmq::Cluster>> make_cluster(boost::asio::io_context& io, const Options& options,
                                                        const std::string& name_servers) {
  rocketmq::ClusterConfig config;
  config.name_servers = name_servers;
  if (!options.access_key.empty()) config.credentials = wire::Credentials{options.access_key, options.secret_key};
  config.tls = options.tls;
  return rocketmq::Cluster::create(io, std::move(config));
}

Result<void> write_report(const std::string& file, const Show& show, const Verdict& verdict) {
  std::ofstream out(file, std::ios::trunc);
  out << json_text(to_json(show.history(), verdict)) << "\n";
  out.close();
  if (!out)
    return fail(Errc::unavailable, "{}: the report cannot be written: {}", file,
                std::generic_category().message(errno));
  return {};
}

int conclude(const Options& options, const Show& show) {
  const Verdict verdict = show.verdict();
  int exit_code = kDone;
  if (!options.report_file.empty()) {
    if (auto written = write_report(options.report_file, show, verdict); !written)
      exit_code = report_error(written.error());
  }
  if (options.duration) {
    std::printf("%s: %s\n", verdict.ok ? "ok" : "not ok", verdict.reason.c_str());
    if (!verdict.ok) exit_code = kFailed;
  }
  return exit_code;
}

// Said now, not after the minute that the run takes.
Result<void> check_report(const std::string& file) {
  if (file.empty()) return {};
  std::error_code ignored;
  const bool there = std::filesystem::exists(file, ignored);
  if (std::ofstream(file, std::ios::app)) {
    if (!there) std::filesystem::remove(file, ignored);  // a start that fails leaves no empty report
    return {};
  }
  return fail(Errc::invalid_argument, "--report {}: cannot be written: {}", file,
              std::generic_category().message(errno));
}

// The embedded broker is plain and asks for no keys: settings for another cluster, which may come from the environment,
// are not for it.
Options settings_for(const Plan& plan, Options options) {
  if (!plan.embedded) return options;
  options.access_key.clear();
  options.secret_key.clear();
  options.tls.reset();
  options.worker_environment.clear();
  return options;
}

int run_show(const Options& options, Plan plan) {
  if (auto writable = check_report(options.report_file); !writable) return report_error(writable.error());
  boost::asio::io_context io(1);
  std::unique_ptr<EmbeddedBroker> embedded;
  if (plan.embedded) {
    auto started = EmbeddedBroker::start(options);
    if (!started)
      return report_error(
          in_context("embedded broker (other addresses: --namesrv-listen, --listen; data: --data)", started.error()));
    embedded = std::move(*started);
    plan.name_servers = embedded->name_server();
  }
  const Options settings = settings_for(plan, options);
  kube::redirect_name_servers(*plan.manifest, plan.name_servers);
  plan.worker_environment = settings.worker_environment;
  plan.worker_environment["NAMESRV_ADDR"] = plan.name_servers;
  auto cluster = make_cluster(io, settings, plan.name_servers);
  if (!cluster) return report_error(cluster.error());
  for (const std::string& ignored : plan.manifest->ignored)
    std::printf("not used on one machine: %s\n", ignored.c_str());

  if (!plan.generator_off.empty()) std::printf("%s\n", plan.generator_off.c_str());

  const std::string name_servers = plan.name_servers;
  auto created = Show::create(io, std::move(plan), *cluster);
  if (!created) return report_error(created.error());
  Show& show = **created;
  Page page(io, options.http_host, options.http_port, show, Program{options.version, workload::own_command()});
  if (auto started = page.start(); !started) {
    return report_error(in_context("the page (another address: --http HOST:PORT)", started.error()));
  }
  std::printf("page         %s\nname server  %s%s\nCtrl-C stops everything\n\n", page.url().c_str(),
              name_servers.c_str(), embedded ? " (embedded: one node, for development)" : "");
  std::fflush(stdout);

  TerminalView view;
  ProblemLog problem_log;
  bool stopping = false;
  net::Shutdown* listening = nullptr;
  const auto stop = [&] {
    if (stopping) return;
    stopping = true;
    boost::asio::co_spawn(io, show.stop(kGrace), [&](std::exception_ptr) {
      page.stop();
      if (listening != nullptr) listening->finish();
      io.stop();
    });
  };
  net::Shutdown shutdown(
      io,
      [&](int) {
        show.interrupted();
        stop();
      },
      kStopBound);
  listening = &shutdown;
  boost::asio::steady_timer end(io);
  if (options.duration) {
    end.expires_after(*options.duration);
    end.async_wait([&](boost::system::error_code error) {
      if (!error) stop();
    });
  }
  int absorbed_samples = 0;
  show.on_sample = [&] {
    if (stopping) return;
    problem_log.update(problems_of(show));
    view.update(show);
    page.push();
    // two samples in a row, so that the record shows that it stayed so
    absorbed_samples = show.absorbed() ? absorbed_samples + 1 : 0;
    if (options.duration && absorbed_samples >= 2) stop();
  };
  show.start();
  io.run();
  view.finish();
  const int exit_code = conclude(options, show);
  return shutdown.forced() ? kForced : exit_code;
}

}  // namespace

int run(const Options& options) {
  // a line of the log wipes the status line away, which is drawn anew below it
  if (::isatty(STDOUT_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1)
    spdlog::set_pattern("\r\033[K[%Y-%m-%d %H:%M:%S.%e] [%n] [%^%l%$] %v");
  auto plan = make_plan(options);
  if (!plan) return report_error(plan.error());
  return run_show(options, std::move(*plan));
}

}  // namespace gantry::up
