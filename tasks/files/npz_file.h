#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tasks/files/npy_file.h"

namespace longhaul::npz {

// The arrays of a file that numpy.savez or savez_compressed wrote, by name: a ZIP archive of
// members NAME.npy. Throws Error naming `name` and the member, what was found and what is allowed.
std::map<std::string, npy::Array> parse(std::string_view content, const std::string& name);

}  // namespace longhaul::npz
