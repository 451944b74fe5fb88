// What a server's process costs, read from /proc of the same machine.
#pragma once

#include <optional>

namespace gantry::bench {

// User and system CPU time in seconds since its start; nullopt when there is no such process.
std::optional<double> cpu_seconds(int pid);

// Resident memory in MiB; nullopt when there is no such process.
std::optional<double> resident_mib(int pid);

}  // namespace gantry::bench
