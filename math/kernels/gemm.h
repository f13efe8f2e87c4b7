#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace longhaul {

// A batch of row-major matrix products, C = op(A) op(B) or C += op(A) op(B), on the calling thread.
struct Gemm {
  bool transpose_a = false;  // A is stored [k, m] instead of [m, k]
  bool transpose_b = false;  // B is stored [n, k] instead of [k, n]
  int64_t m = 0, n = 0, k = 0;
  bool accumulate = false;
  int64_t batch = 1;  // consecutive matrices without gaps
  friend bool operator==(const Gemm&, const Gemm&) = default;
};

// Runs through oneDNN, whose primitives are kept per thread, up to kKeptGemmKernels of them. Always
// single-threaded, so that the result has the same bits wherever it runs.
void gemm(const Gemm& shape, const float* a, const float* b, float* c);

constexpr std::size_t kKeptGemmKernels = 64;
std::size_t kept_gemm_kernels();  // of the calling thread

std::string gemm_library();                  // "oneDNN 2.6.3"
std::string gemm_kernel(const Gemm& shape);  // the implementation that oneDNN chose, "gemm:jit"
std::string gemm_isa();                      // the widest that it may use here, "avx512_core_vnni"

// The implementations that ran since the last call, on all threads: "brgemm:avx512_core, gemm:jit".
std::string take_gemm_kernels();

}  // namespace longhaul
