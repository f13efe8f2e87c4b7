#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace longhaul {

// What of this machine the process may use. `root` holds proc/ and sys/.

// How many cores: what its affinity allows (taskset, Slurm), and no more than the CPU quotas of its
// control groups, outer ones included (docker, systemd). At least 1.
int usable_cores(const std::filesystem::path& root = "/");

// How many bytes of memory are free for it: what the kernel calls available, and no more than the
// limits of its control groups leave, outer ones included.
double usable_memory(const std::filesystem::path& root = "/");

// The folders of its control groups that may have limits for "cpu" or "memory", of version 1 and 2,
// the nearest first. A container may see its own group as the root of sys/fs/cgroup, whatever
// proc/self/cgroup calls it.
std::vector<std::filesystem::path> control_groups(const std::string& controller,
                                                  const std::filesystem::path& root = "/");

}  // namespace longhaul
