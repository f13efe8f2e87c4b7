#pragma once

#include <filesystem>
#include <vector>

#include "harness/tables/results.h"

namespace longhaul {

// Writes the curves, diagnostics and test scores of every finished trial as TensorBoard's event
// files, a folder each: `folder`/<model>/<task>/seed<seed>. Tags: "train/loss",
// "validation/accuracy", "diagnostics/<name>/layer2", "test/accuracy". The wall time of an event is
// the seconds of training until then, so TensorBoard's relative time is right and its dates are
// not. Returns the files. Throws std::system_error if one cannot be written.
std::vector<std::filesystem::path> export_tensorboard(const Results& results,
                                                      const std::filesystem::path& folder);

}  // namespace longhaul
