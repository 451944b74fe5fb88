#include "cli/command_table.h"

#include <array>

#include "cli/commands/declarations.h"

namespace gantry::cli {

std::span<const Command> commands() {
  static constexpr std::array kCommands = {
      Command{"up", "run broker, autoscaler, workers and page from one YAML", &declare_up},
      Command{"broker", "run a name server and broker: one node, for development, CI and the edge", &declare_broker},
      Command{"controller", "elect the masters of broker replica sets: in place of RocketMQ's controller",
              &declare_controller},
      Command{"scaler", "turn lag into replicas: KEDA external scaler, for clusters", &declare_scaler},
      Command{"send", "send messages to a topic", &declare_send},
      Command{"consume", "consume messages of a topic as a member of a group", &declare_consume},
      Command{"lag", "show how far a consumer group is behind", &declare_lag},
      Command{"topic", "list, create, delete and describe topics", &declare_topic},
      Command{"group", "list, describe, reset and delete consumer groups", &declare_group},
      Command{"exporter", "serve a cluster's numbers to Prometheus", &declare_exporter},
      Command{"explain", "say why a running gantry up keeps the replicas that it keeps", &declare_explain},
      Command{"doctor", "check a cluster as it is seen from here", &declare_doctor},
      Command{"bench", "measure brokers, side by side", &declare_bench},
      Command{"completion", "print a completion script for a shell", &declare_completion},
      Command{"version", "print the version", &declare_version},
  };
  return kCommands;
}

void declare_all(CLI::App& root, Invocation& invocation) {
  root.require_subcommand(1);
  invocation.root = &root;
  for (const Command& command : commands()) {
    command.declare(*root.add_subcommand(command.name, command.summary), invocation);
  }
}

}  // namespace gantry::cli
