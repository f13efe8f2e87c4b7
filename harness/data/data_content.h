#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "longhaul/options.h"

namespace longhaul {

// What a data file holds, or all files below a folder with their names there: the number of bytes
// and their hash, "1048576-0123456789abcdef". It does not depend on where that stands. Hidden files
// (".cache") do not count; links are followed. A file that has not changed since this process read
// it (its size and time of change) is not read again. Throws Error naming what cannot be read.
std::string data_content(const std::filesystem::path& path);

// data_content() of every option that is a path and is given, by the option's name.
OptionMap contents_of(const std::vector<OptionInfo>& declared, const OptionMap& values);

}  // namespace longhaul
