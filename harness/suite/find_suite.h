#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longhaul {

// A suite by path, or by bare name in one of suite_folders(). Throws Error with the nearest name.
std::filesystem::path find_suite(const std::string& name);
// configs/suites of the current directory and of the installation, as far as they exist.
std::vector<std::filesystem::path> suite_folders();

// Where the results of a suite go: to `asked`, or if that is empty to a folder of the suite's name.
std::filesystem::path results_folder(const std::string& suite, const std::string& asked);

}  // namespace longhaul
