// How the parts of the broker read their settings at a start. One that cannot be read refuses the start, for all kinds
// alike: passed over, a group would begin anew, and a topic would be made again with other queues, and nobody would know
// why.
#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"
#include "store/store.h"

namespace gantry::broker {

// Calls `read` for each setting whose name begins with the prefix, in order, until one fails. An error of `read` with
// code corrupt says what is wrong with the setting; which one it is, and what to do, is added here. Other errors, as of
// a limit that was made lower, are passed on as they are.
Result<void> read_settings(store::Store& store, std::string_view prefix,
                           const std::function<Result<void>(std::string_view name, std::string_view value)>& read);

}  // namespace gantry::broker
