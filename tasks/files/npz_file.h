#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tasks/files/npy_file.h"

namespace longhaul::npz {

// The arrays of a file that numpy.savez wrote, by name: a ZIP archive whose members NAME.npy are
// stored as they are. Throws Error naming `name` and the member, what was found and what is
// allowed: numpy.savez_compressed is not.
std::map<std::string, npy::Array> parse(std::string_view content, const std::string& name);

}  // namespace longhaul::npz
