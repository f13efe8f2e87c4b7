#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longhaul {

// A claim file by path, or by name in one of claim_folders(). Throws Error with the nearest name.
std::filesystem::path find_claim(const std::string& name);
// The files of configs/claims of the current directory, and of the installation where they have
// other names; sorted.
std::vector<std::filesystem::path> claim_files();

}  // namespace longhaul
