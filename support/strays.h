#pragma once

#include <filesystem>

namespace longhaul {

// Removes what writers that were killed left in a folder and below it: files named *.tmpPID
// (AtomicFile) whose process is no longer there. What cannot be removed stays.
void remove_strays(const std::filesystem::path& folder);

}  // namespace longhaul
