#pragma once

#include <filesystem>
#include <string>

#include "harness/suite/config.h"

namespace longhaul {

// Throw Error naming file and line: a file that cannot be read, YAML that does not parse, text
// that is not UTF-8.
ConfigNode read_config(const std::filesystem::path& file);
ConfigNode parse_config(const std::string& yaml, const Place& place);
// One word, typed as YAML would type it but with nothing in it special; nothing if it is empty.
ConfigNode plain_config(const std::string& word, const Place& place);

}  // namespace longhaul
