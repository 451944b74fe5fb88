// Completion scripts for shells, made from the declared commands and options, so that they cannot differ from them.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace gantry::cli {

// shell: bash, zsh or fish.
std::string completion_script(std::string_view shell, const CLI::App& root);

}  // namespace gantry::cli
