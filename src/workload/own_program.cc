#include "workload/own_program.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace gantry::workload {

std::string own_program() {
  std::array<char, 4096> path;
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  if (size > 0 && static_cast<std::size_t>(size) < path.size()) {
    std::string file(path.data(), static_cast<std::size_t>(size));
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "/proc/self/exe";
}

std::string own_command() {
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "" : variable;
  while (!path.empty()) {
    const std::string_view directory = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(directory.size() + 1, path.size()));
    const std::filesystem::path file = std::filesystem::path(directory) / "gantry";
    if (directory.empty() || access(file.c_str(), X_OK) != 0) continue;
    std::error_code error;
    return std::filesystem::equivalent(file, "/proc/self/exe", error) ? "gantry" : own_program();
  }
  return own_program();
}

}  // namespace gantry::workload
