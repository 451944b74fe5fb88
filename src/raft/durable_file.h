// A small file that is there whole or not at all, also after the power failed; and names in a folder.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::raft {

// The pieces in order become the content of `path`: written beside it, synced, renamed, and the folder synced. Durable
// when it returns. Errors: resource_exhausted (the disk is full), unavailable; what was there before is then unharmed,
// and a file `path`.unfinished may stay.
Result<void> write_durably(const std::string& path, std::initializer_list<std::string_view> pieces);

// The names in a folder are durable when it returns. Errors as above.
Result<void> sync_folder(const std::string& path);

}  // namespace gantry::raft
