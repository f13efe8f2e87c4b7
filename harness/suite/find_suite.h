#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longhaul {

// A suite by path, or by bare name in one of suite_folders(). Throws Error with the nearest name.
std::filesystem::path find_suite(const std::string& name);
// configs/suites of the current directory and of the installation, as far as they exist.
std::vector<std::filesystem::path> suite_folders();

}  // namespace longhaul
