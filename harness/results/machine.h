#pragma once

#include <cstdint>
#include <string>

namespace longhaul {

struct TrialRecord;

std::string host_name();
std::string cpu_name();          // "AMD EPYC 7B13", as the kernel names it
std::string longhaul_version();  // "0.1.0"
// 16 hex digits of the hash of the sources that results depend on (cmake/LonghaulBuildHash.cmake).
std::string longhaul_build();
std::string utc_now();     // "2026-11-29T09:45:43Z"
int64_t resident_bytes();  // physical memory that this process has now; 0 if unknown
// This process's high-water mark of physical memory; not that of the program which started it, as
// getrusage() would have it.
int64_t peak_resident_bytes();

// Says in a record where, when, by what and on how many threads it is made.
void sign(TrialRecord& record, int threads);

}  // namespace longhaul
