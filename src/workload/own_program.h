// Where this program's file is.
#pragma once

#include <string>

namespace gantry::workload {

// Its path as `ps` should show it; /proc/self/exe when it was replaced or removed since it was started.
std::string own_program();

// What a person types to run it: "gantry" when the shell finds this very file under that name, else its path.
std::string own_command();

}  // namespace gantry::workload
