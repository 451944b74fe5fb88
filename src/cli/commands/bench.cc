// gantry bench broker: drives any server that speaks RocketMQ's wire, several side by side in one run.
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

}  // namespace

void declare_bench(CLI::App& command, Invocation& invocation) {
  command.require_subcommand(1);
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
