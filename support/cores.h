#pragma once

namespace longhaul {

// How many cores this process may use: what its affinity allows (taskset, Slurm), and no more than
// the CPU quotas of its control groups, outer ones included (docker, systemd). At least 1.
int usable_cores();

}  // namespace longhaul
