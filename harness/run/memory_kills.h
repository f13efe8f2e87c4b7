#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace longhaul {

// How many processes the kernel has killed so far because memory ran out: in this process's control
// group or, where that has no count, on the whole machine. Nothing if the kernel does not say.
// `root` holds proc/ and sys/.
std::optional<int64_t> memory_kills(const std::filesystem::path& root = "/");

}  // namespace longhaul
