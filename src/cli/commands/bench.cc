// gantry bench: drives any server that speaks RocketMQ's wire. `bench broker` takes several side by side in one run,
// `bench controller` the nodes of one controller.
#include "bench/controller.h"
#include "bench/options.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/output.h"

namespace gantry::cli {
namespace {

struct BenchOptions {
  bench::Options bench;
  std::vector<std::string> targets = {"gantry=127.0.0.1:9876"};
  Format format = Format::table;
};

struct ControllerBenchOptions {
  bench::ControllerOptions bench;
  Format format = Format::table;
};

std::vector<std::string> controller_cases() {
  std::vector<std::string> cases = bench::kControllerCases;
  cases.push_back(bench::kPacedCase);
  return cases;
}

void declare_bench_controller(CLI::App& bench_command, Invocation& invocation) {
  auto options = std::make_shared<ControllerBenchOptions>();
  CLI::App& command = *bench_command.add_subcommand("controller", "measure a controller");
  add_output_option(command, options->format);
  command.add_option("--endpoints", options->bench.endpoints, "HOST:PORT;HOST:PORT of all its nodes")->required();
  command.add_option("--target", options->bench.target, "its name in the rows");
  command.add_option("--pids", options->bench.pids, "its nodes' processes here, for their CPU and memory")
      ->check(CLI::PositiveNumber)
      ->delimiter(',');
  command.add_option("--case", options->bench.cases, "what to measure; fleet: brokers at their own pace")
      ->check(CLI::IsMember(controller_cases()))
      ->delimiter(',');
  command.add_option("--in-flight", options->bench.in_flight, "requests under way")
      ->check(CLI::Range(1, 65536))
      ->delimiter(',');
  command.add_option("--sets", options->bench.sets, "replica sets to make; at least as many as requests under way")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--replicas", options->bench.replicas, "brokers of a set")->check(CLI::Range(2, 16));
  command.add_option("--connections", options->bench.connections, "to each node")->check(CLI::Range(1, 10'000));
  command.add_option("--seconds", options->bench.seconds, "of each measurement")->check(CLI::PositiveNumber);
  command
      .add_option("--registered-max", options->bench.registered_max, "sets that one measurement of registration makes")
      ->check(CLI::Range(1, 10'000'000));
  auto* keep = command.add_flag("--keep", options->bench.keep, "leave the replica sets that were made");
  command
      .add_option("--remove", options->bench.remove, "PREFIX:COUNT, as --keep said it: remove those, measure nothing")
      ->excludes(keep);
  command.callback([options, &invocation] {
    invocation.run = [options] {
      options->bench.json = options->format == Format::json;
      return bench::run_controller(options->bench);
    };
  });
}

}  // namespace

void declare_bench(CLI::App& command, Invocation& invocation) {
  command.require_subcommand(1);
  declare_bench_controller(command, invocation);
  auto options = std::make_shared<BenchOptions>();
  CLI::App& broker = *command.add_subcommand("broker", "measure brokers");
  add_output_option(broker, options->format);
  broker.add_option("--target", options->targets,
                    "NAME=NAMESRV[@PID] of a broker to measure; several are taken in turn");
  broker.add_option("--case", options->bench.cases, "what to measure")
      ->check(CLI::IsMember({"send", "batch", "pull", "pop", "lag"}))
      ->delimiter(',');
  broker.add_option("--in-flight", options->bench.in_flight, "requests under way")
      ->check(CLI::Range(1, 65536))
      ->delimiter(',');
  broker.add_option("--size", options->bench.body_bytes, "bytes of a body")
      ->check(CLI::Range(1, (4 << 20) - 64 * 1024))
      ->delimiter(',');
  broker.add_option("--seconds", options->bench.seconds, "of each measurement")->check(CLI::PositiveNumber);
  broker.add_option("--queues", options->bench.queues, "queues of a topic")->check(CLI::Range(1, 65536));
  broker.callback([options, &invocation] {
    invocation.run = [options] {
      options->bench.json = options->format == Format::json;
      options->bench.targets.clear();
      for (const std::string& text : options->targets) {
        auto target = bench::parse_target(text);
        if (!target) return report(target.error());
        options->bench.targets.push_back(std::move(*target));
      }
      return bench::run(options->bench);
    };
  });
}

}  // namespace gantry::cli
