// The command line of the one binary: a table of roles and commands.
#pragma once

namespace gantry::cli {

// Runs the command named by argv[1]. Returns the process's exit code: 0 done, 1 it failed, 2 wrong usage or input.
int main(int argc, char** argv, const char* version);

}  // namespace gantry::cli
