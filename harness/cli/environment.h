#pragma once

namespace longhaul {

// Libraries that the program links read settings of their own from the environment before main():
// OpenMP (OMP_*, GOMP_*, KMP_*), Google Benchmark (BENCHMARK_*), oneDNN (DNNL_VERBOSE and the
// like). They would bind two trials to one core, change what a timing means, or print between
// results. If one is set, says so once on standard error and starts the program again without it.
void leave_out_library_settings(char** argv);

}  // namespace longhaul
