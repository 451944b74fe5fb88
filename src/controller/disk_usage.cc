#include "controller/disk_usage.h"

#include <filesystem>

namespace gantry::controller {

std::optional<std::uint64_t> bytes_below(const std::string& directory) {
  std::error_code error;
  std::uint64_t bytes = 0;
  auto file = std::filesystem::recursive_directory_iterator(directory, error);
  for (; !error && file != std::filesystem::recursive_directory_iterator(); file.increment(error)) {
    std::error_code vanished;  // files come and go
    if (file->is_regular_file(vanished) && !vanished) {
      const std::uint64_t size = file->file_size(vanished);
      if (!vanished) bytes += size;
    }
  }
  return error ? std::nullopt : std::optional(bytes);
}

}  // namespace gantry::controller
