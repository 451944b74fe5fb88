// What can be known to be wrong with the settings before anything listens: files that are missing or unreadable, names of
// credentials that do not exist, parts that nothing uses.
#pragma once

#include <string>
#include <vector>

#include "scaler/config.h"

namespace gantry::scaler {

// Reads the files that the settings name. Errors: those of the first that cannot be used, with the path of its setting.
Result<void> check_files(const Settings& settings);

// The keys that the section exporter names, as they are now: they may be rotated. Only where it names any. Errors: those of
// triggers::Credentials::find.
Result<gantry::wire::Credentials> exporter_credentials(const Settings& settings);

// Parts of the configuration that have no effect, a sentence each: for the log.
std::vector<std::string> without_effect(const Config& config);

}  // namespace gantry::scaler
