// The commands, one file each; cli/command_table.cc lists them.
#pragma once

#include "cli/command.h"

namespace gantry::cli {

void declare_up(CLI::App& command, Invocation& invocation);
void declare_broker(CLI::App& command, Invocation& invocation);
void declare_controller(CLI::App& command, Invocation& invocation);
void declare_scaler(CLI::App& command, Invocation& invocation);
void declare_send(CLI::App& command, Invocation& invocation);
void declare_consume(CLI::App& command, Invocation& invocation);
void declare_lag(CLI::App& command, Invocation& invocation);
void declare_topic(CLI::App& command, Invocation& invocation);
void declare_group(CLI::App& command, Invocation& invocation);
void declare_exporter(CLI::App& command, Invocation& invocation);
void declare_explain(CLI::App& command, Invocation& invocation);
void declare_doctor(CLI::App& command, Invocation& invocation);
void declare_bench(CLI::App& command, Invocation& invocation);
void declare_completion(CLI::App& command, Invocation& invocation);
void declare_version(CLI::App& command, Invocation& invocation);

}  // namespace gantry::cli
