#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/results/record.h"

namespace longhaul {

// The files that a trial leaves beside its record.json, and that the record answers for: spec.json,
// curve.csv, diagnostics.csv, checkpoint.safetensors. The log is none of them, since it grows.

// Those that are there, as they are now.
std::map<std::string, FileSum> sums_of_files(const std::filesystem::path& trial_dir);

// What is wrong with files of a finished trial, by name: a line each with the path. A file that the
// record has a sum of must match it. Of a record without sums, which an older version wrote, those
// files that are there must be readable.
std::map<std::string, std::string> damaged_files(const std::filesystem::path& trial_dir,
                                                 const TrialRecord& record);

// Likewise, of the files that tables and pictures read alone: no weights, which take longer.
std::map<std::string, std::string> damaged_points(const std::filesystem::path& trial_dir,
                                                  const TrialRecord& record);

// Removes the record first and then the other files, so that none of an earlier attempt passes for
// one of the next.
void remove_files(const std::filesystem::path& trial_dir);

}  // namespace longhaul
