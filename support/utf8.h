#pragma once

#include <string>

namespace longhaul {

// Whether the bytes are UTF-8 text, which is all that JSON files can hold.
bool is_utf8(const std::string& bytes);

}  // namespace longhaul
