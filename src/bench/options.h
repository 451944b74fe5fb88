// What `gantry bench broker` is asked to measure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace gantry::bench {

// One server under measurement. Several are driven in turn, case by case, so that their ratio is taken in one run.
struct Target {
  std::string name;         // as it stands in the rows: "gantry", "java"
  std::string name_server;  // host:port
  int pid = 0;              // of the broker's process, for CPU and memory; 0: not measured
};

// "gantry=127.0.0.1:9876@1234": name, name server, process id (optional).
Result<Target> parse_target(const std::string& text);

struct Options {
  std::vector<Target> targets;
  std::vector<std::string> cases = {"send", "pull", "pop"};  // of send, batch, pull, pop, lag
  std::vector<std::size_t> in_flight = {1, 16, 64};
  std::vector<std::size_t> body_bytes = {1024};
  double seconds = 3;       // of each measurement, after a warm-up of a tenth of it
  std::int32_t queues = 8;  // of the topics that are made for it
  bool json = false;
};

// Runs every case and prints a row for each as it is done. Returns the exit code: 0, or 1 when a target could not be
// measured.
int run(const Options& options);

}  // namespace gantry::bench
