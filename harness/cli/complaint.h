#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace longhaul {

// What is wrong with the arguments, in one line that names the nearest valid command or option.
std::string complaint(const CLI::App& app, const CLI::ParseError& error);

}  // namespace longhaul
