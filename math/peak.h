#pragma once

namespace longhaul {

// What one thread of this machine reaches at this moment, in GFLOP/s: independent chains of fused
// multiply-adds that never leave the registers, in the widest vectors that the processor has
// (AVX-512, AVX2, else 128 bits). Takes about 0.1 ms. Processors clock down under heavy work, so a
// figure taken right after some work is the peak at that work's clock (the second: the first burst
// is slower by some percent).
double fma_gflops();

// The peak of one thread: the best of many such bursts. Takes about 20 ms.
double fma_peak_gflops();

// What so many threads read and write together, in GB/s: a = b + s c over arrays larger than the
// last cache, the best of several passes. A third of it is written; that a processor reads a line
// before it writes it is not counted. Takes about a second.
double memory_gigabytes_per_second(int threads);

}  // namespace longhaul
