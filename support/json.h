#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace longhaul {

// The JSON in `text`. Throws Error for what is not JSON, and for what is nested deeper than 100
// levels: whoever walks through a value needs stack for each of them.
nlohmann::json parse_json(std::string_view text);

// The JSON in a file. Throws Error naming a file that cannot be read or is damaged.
nlohmann::json read_json_file(const std::filesystem::path& path);

// As a file holds it: indented, with a line break at its end. Bytes that are not UTF-8, which a
// message may quote, are replaced; numbers that are not finite stand as null.
std::string json_text(const nlohmann::json& value, int indent = 2);

}  // namespace longhaul
