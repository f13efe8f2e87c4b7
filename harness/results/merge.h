#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace longhaul {

struct Merged {
  int64_t from_first = 0, from_second = 0;  // finished trials and pretrainings, by where they are
  int64_t in_both = 0;                      // finished in both: the first folder's were taken
  int64_t waiting = 0;                      // finished in neither
  std::vector<std::string> problems;        // damaged files, a line each
};

// Makes `out`, a results folder with the trials of two others, as machines that shared a suite left
// them: all models, tasks and seeds of the first, then those that the second alone has. Trials that
// are not finished wait in `out`. External scores (external.h) come along. Throws Error if `out` is
// there and not empty, if one of the two is no results folder with trials, or if they hold one cell
// and seed in two ways: then the folders are to be compared, not merged. Throws std::system_error
// if `out` cannot be written.
Merged merge_trials(const std::filesystem::path& first, const std::filesystem::path& second,
                    const std::filesystem::path& out);

}  // namespace longhaul
