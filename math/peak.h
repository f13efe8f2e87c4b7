#pragma once

namespace longhaul {

// The floating-point peak of one thread of this machine, in GFLOP/s: the best of several runs of
// independent chains of fused multiply-adds that never leave the registers, in the widest vectors
// that the processor has (AVX-512, AVX2, else 128 bits). Takes about 20 ms.
double fma_peak_gflops();

}  // namespace longhaul
