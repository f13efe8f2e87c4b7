#pragma once

#include <filesystem>
#include <string>

namespace longhaul {

// Replaces the file at once: a reader, or a crash at any moment, finds all of the old or all of the
// new text. Throws std::system_error naming the path (disk full, no permission, no such folder).
void write_atomically(const std::filesystem::path& path, const std::string& text);

}  // namespace longhaul
