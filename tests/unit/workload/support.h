// Conditions with deadlines instead of sleeps, for tests with real processes.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <fstream>
#include <string>

namespace gantry::workload::test {

// Runs `io` until `condition` holds; false when that takes too long.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition,
               std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Gone, or a zombie that its new parent has not collected yet.
inline bool is_gone(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(stat, text)) return true;
  const std::size_t end = text.rfind(')');
  return end == std::string::npos || text[end + 2] == 'Z' || text[end + 2] == 'X';
}

}  // namespace gantry::workload::test
