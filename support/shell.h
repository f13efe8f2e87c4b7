#pragma once

#include <string>
#include <vector>

namespace longhaul {

// A command that a person can copy into a shell: words with other than plain characters are quoted.
std::string shell_command(const std::vector<std::string>& words);

}  // namespace longhaul
