#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/run/run_options.h"

namespace longhaul {

// Trials that Slurm got as one array, a trial a task. Its folder OUT/slurm/<name>/ is what runner,
// nodes and later runs know of it:
//   batch.json   its trials and, once Slurm has said it, the number of the job
//   the script that Slurm starts
//   N.json       how task N ended, written on its node
//   N.log        what task N and Slurm said
// The folder is written before the job is submitted, and Slurm knows the job by the folder's name,
// so that a runner may end at any moment.
struct SlurmBatch {
  std::filesystem::path folder;
  std::vector<std::string> trials;  // ids, by task
  RunOptions options;               // of each trial: threads, limits and checkpoint_seconds
  std::string job = {};             // "" until known

  std::string name() const { return folder.filename().string(); }
  std::filesystem::path trial_folder(std::size_t task) const;
  std::filesystem::path end_file(std::size_t task) const;
  std::filesystem::path log_file(std::size_t task) const;
  void store() const;  // batch.json
};

// A new one in OUT, under a name that no other has.
SlurmBatch new_slurm_batch(const std::filesystem::path& out, std::vector<std::string> trials,
                           const RunOptions& options);
SlurmBatch read_slurm_batch(const std::filesystem::path& folder);  // throws Error

// Those that earlier runs left in OUT, the oldest first.
std::vector<SlurmBatch> slurm_batches_in(const std::filesystem::path& out);

}  // namespace longhaul
