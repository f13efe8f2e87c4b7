#pragma once

#include <string>

namespace longhaul {

// Three digits that count, and the unit's multiple: "84.2k", "12.3 MiB".
std::string short_count(double value);
std::string short_bytes(double value);

}  // namespace longhaul
