// The limit of open files of this process: every connection is one.
#pragma once

#include <cstddef>

namespace gantry::net {

// Raises the soft limit to the hard one and returns what holds then. Call it once at start.
std::size_t raise_open_files_max();

}  // namespace gantry::net
