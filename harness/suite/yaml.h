#pragma once

#include <filesystem>
#include <string>

#include "harness/suite/config.h"

namespace longhaul {

// Throw Error naming file and line: a file that cannot be read, YAML that does not parse.
ConfigNode read_config(const std::filesystem::path& file);
ConfigNode parse_config(const std::string& yaml, const Place& place);

}  // namespace longhaul
