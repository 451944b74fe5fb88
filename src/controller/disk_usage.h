// How much a directory holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gantry::controller {

// Bytes of the files below it; files that vanish meanwhile count nothing. Empty: it cannot be read. Waits for the disk.
std::optional<std::uint64_t> bytes_below(const std::string& directory);

}  // namespace gantry::controller
