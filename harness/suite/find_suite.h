#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace longhaul {

// A "suite" or "claim" by path, or by name among those that ship. Throws Error with the nearest
// name.
std::filesystem::path find_shipped(const std::string& kind, const std::string& name);

// The files configs/`folder`/*.yaml, "suites" or "claims", by name: of the current directory, and
// of the installation where they have other names. Throws Error that says where it looked if there
// is none.
std::map<std::string, std::filesystem::path> shipped_files(const std::string& folder);

// Where the results of a suite go: to `asked`, or if that is empty to a folder of the suite's name.
std::filesystem::path results_folder(const std::string& suite, const std::string& asked);

}  // namespace longhaul
