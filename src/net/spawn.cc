#include "net/spawn.h"

#include <spdlog/spdlog.h>

namespace gantry::net {

void log_escaped(const std::string& what, const std::exception_ptr& escaped) {
  if (!escaped) return;
  try {
    std::rethrow_exception(escaped);
  } catch (const std::exception& error) {
    spdlog::error("{} ended by an exception: {}", what, error.what());
  } catch (...) {
    spdlog::error("{} ended by an exception of an unknown kind", what);
  }
}

}  // namespace gantry::net
