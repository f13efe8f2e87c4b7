#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace longhaul {

std::string to_hex(uint64_t hash);  // 16 digits

// The hash of a file's bytes (hash_bytes of longhaul/rng.h), read as by read_file.
uint64_t hash_file(const std::filesystem::path& path);

}  // namespace longhaul
