#pragma once

#include <filesystem>

namespace longhaul {

// On a node: runs the trial of this task of a batch (SLURM_ARRAY_TASK_ID) through `longhaul trial`
// and writes how it ended. Warned of the job's time limit (SIGUSR1), it has the trial store where
// it is and asks Slurm to queue it again; told to end (SIGTERM), it leaves the rest to Slurm, which
// knows why. Returns an exit status. Throws Error outside a job, and for a damaged batch.
int run_slurm_task(const std::filesystem::path& batch_folder);

}  // namespace longhaul
