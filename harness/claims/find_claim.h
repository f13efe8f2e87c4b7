#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longhaul {

// A claim file by path, or by name among those that ship. Throws Error with the nearest name.
std::filesystem::path find_claim(const std::string& name);
// Those that ship, sorted; there is at least one.
std::vector<std::filesystem::path> claim_files();

}  // namespace longhaul
