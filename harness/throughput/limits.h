#pragma once

namespace longhaul {

// What so many threads of this machine reach together.
double peak_gflops(int threads);                // fused multiply-adds; one alone may be faster
double peak_gigabytes_per_second(int threads);  // of memory; measured once in a process

}  // namespace longhaul
