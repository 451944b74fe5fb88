// What `gantry bench controller` is asked to measure: any implementation of RocketMQ's controller, driven over the wire.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gantry::bench {

inline const std::vector<std::string> kControllerCases = {
    "metadata", "replica-info", "replica-info-followers", "heartbeat", "alter", "elect", "mix", "registration"};

// Beside those: what brokers do on their own, at their own pace, however many requests that makes.
inline const std::string kPacedCase = "fleet";

struct ControllerOptions {
  std::string target = "controller";  // as it stands in the rows: "gantry", "dledger"
  std::string endpoints;              // "host:port;host:port" of all its nodes
  std::vector<int> pids;              // of their processes on this machine, for CPU and memory; empty: not measured
  std::vector<std::string> cases = kControllerCases;
  std::vector<std::size_t> in_flight = {1, 16, 64, 256, 1'024};
  std::size_t sets = 1'000;             // replica sets that are made for it, more when more are changed at once
  std::size_t replicas = 2;             // brokers of a set, 2 at least
  std::size_t connections = 8;          // to each node
  double seconds = 3;                   // of each measurement, after a warm-up of a tenth of it
  std::size_t registered_max = 20'000;  // sets that one measurement of `registration` may make; then it ends
  bool keep = false;                    // leave what was made, and say how to remove it; otherwise it is cleaned (1011)
  std::string remove;                   // "PREFIX:COUNT": remove what a run with `keep` left, and measure nothing
  bool json = false;
};

// Runs every case and prints a row for each as it is done. Returns the exit code: 0, or 1 when it could not be measured.
int run_controller(const ControllerOptions& options);

}  // namespace gantry::bench
