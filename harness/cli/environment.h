#pragma once

namespace longhaul {

// Libraries that the program links read settings of their own from the environment before main():
// OpenMP (OMP_*, GOMP_*, KMP_*), Google Benchmark (BENCHMARK_*). They would bind two trials to one
// core, change what a timing means, or print between results. If one is set, says so once on
// standard error and starts the program again without it.
void leave_out_library_settings(char** argv);

// Opens /dev/null in place of standard streams that are closed, lest a file of the results gets
// their number and what is printed. Writing to standard output still fails then, as it should.
void open_standard_streams();

}  // namespace longhaul
