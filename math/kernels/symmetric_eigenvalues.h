#pragma once

#include <cstdint>
#include <vector>

namespace longhaul {

// Eigenvalues, largest first, of the symmetric matrix a [n, n], by Jacobi's rotations (Golub and
// Van Loan, Matrix Computations, section 8.5). Errors are about 1e-12 of the largest; time n^3 a
// sweep, of which there are less than ten.
std::vector<double> symmetric_eigenvalues(std::vector<double> a, int64_t n);

}  // namespace longhaul
