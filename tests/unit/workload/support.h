// What tests with real processes share.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "unit/drive.h"

namespace gantry::workload::test {

using gantry::test::run_until;

// Gone, or a zombie that its new parent has not collected yet.
inline bool is_gone(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(stat, text)) return true;
  const std::size_t end = text.rfind(')');
  return end == std::string::npos || text[end + 2] == 'Z' || text[end + 2] == 'X';
}

}  // namespace gantry::workload::test
