// Exit codes of every command, as docs/reference.md promises them to scripts.
#pragma once

#include "base/error.h"

namespace gantry {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  // the reason is on standard error
inline constexpr int kUsage = 2;   // wrong usage or input: nothing was started
// Stopped in the middle, by a second signal or because the first did not end it in time; as shells say of SIGINT.
inline constexpr int kForced = 130;

// Of a command that an error ended.
inline int exit_code_of(const Error& error) { return error.code == Errc::invalid_argument ? kUsage : kFailed; }

}  // namespace gantry
