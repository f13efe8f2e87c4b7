#include <complex>

#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;
using Complex = std::complex<double>;
using Vector = std::vector<Complex>;

// Of N pairs in D channels; lambda decays, dt is positive.
Inputs random_system(int64_t N, int64_t D) {
  Tensor lambda = random_tensor({2 * N, D}, 1);
  for (int64_t i = 0; i < N * D; ++i) lambda.data()[i] = -0.2f - std::abs(lambda.data()[i]);
  return {lambda, random_tensor({2 * N, D}, 2), random_tensor({2 * N, D}, 3),
          random_tensor({2 * N, D}, 4), random_tensor({D}, 5, 0.1f, 0.6f)};
}

// The states of a channel and their conjugates.
Vector all_states(const Tensor& x, int64_t d) {
  const int64_t N = x.dim(0) / 2, D = x.dim(1);
  Vector values;
  for (int64_t n = 0; n < N; ++n)
    values.emplace_back(x.data()[n * D + d], x.data()[(N + n) * D + d]);
  for (int64_t n = 0; n < N; ++n) values.push_back(std::conj(values[n]));
  return values;
}

// Solves M x = r by elimination.
Vector solved(std::vector<Vector> M, Vector r) {
  const std::size_t n = r.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j)
      if (std::abs(M[j][i]) > std::abs(M[i][i])) {
        std::swap(M[i], M[j]);
        std::swap(r[i], r[j]);
      }
    for (std::size_t j = i + 1; j < n; ++j) {
      const Complex factor = M[j][i] / M[i][i];
      for (std::size_t k = i; k < n; ++k) M[j][k] -= factor * M[i][k];
      r[j] -= factor * r[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) r[i] -= M[i][k] * r[k];
    r[i] /= M[i][i];
  }
  return r;
}

// What the system answers to an impulse, by steps with the whole matrix.
std::vector<double> impulse_response(const Inputs& in, int64_t d, int64_t length) {
  const Vector lambda = all_states(in[0], d), p = all_states(in[1], d), b = all_states(in[2], d),
               c = all_states(in[3], d);
  const double half = 0.5 * double{in[4].data()[d]};
  const std::size_t n = lambda.size();
  const auto A = [&](std::size_t i, std::size_t j) {
    return (i == j ? lambda[i] : 0) - p[i] * std::conj(p[j]);
  };
  std::vector<Vector> below(n, Vector(n));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) below[i][j] = (i == j ? 1.0 : 0.0) - half * A(i, j);
  Vector x(n);
  std::vector<double> answer;
  for (int64_t t = 0; t < length; ++t) {
    Vector r(n);
    for (std::size_t i = 0; i < n; ++i) {
      r[i] = x[i] + (t == 0 ? 2 * half * b[i] : 0);
      for (std::size_t j = 0; j < n; ++j) r[i] += half * A(i, j) * x[j];
    }
    x = solved(below, r);
    Complex y = 0;
    for (std::size_t i = 0; i < n; ++i) y += c[i] * x[i];
    answer.push_back(y.real());
  }
  return answer;
}

}  // namespace

TEST_CASE("dplr_kernel: the kernel is the system's answer to an impulse, at any length", "[ops]") {
  for (const auto& [N, D, length] :
       {std::array<int64_t, 3>{1, 1, 1}, {1, 2, 2}, {2, 1, 3}, {3, 2, 40}, {2, 1, 300}}) {
    const Inputs in = random_system(N, D);
    const Tensor kernel = dplr_kernel(in[0], in[1], in[2], in[3], in[4], length);
    REQUIRE(kernel.shape() == Shape({length, D}));
    for (int64_t d = 0; d < D; ++d) {
      const std::vector<double> expected = impulse_response(in, d, length);
      for (int64_t t = 0; t < length; ++t)
        CHECK(kernel.data()[t * D + d] == Approx(expected[t]).margin(2e-6));
    }
  }
}

TEST_CASE("dplr_kernel: gradients are those of finite differences", "[ops]") {
  for (const int64_t length : {1, 2, 9})
    check_gradient(
        [=](const Inputs& in) { return dplr_kernel(in[0], in[1], in[2], in[3], in[4], length); },
        random_system(2, 2));
}

TEST_CASE("dplr_kernel: the same bits on one thread and on four", "[ops]") {
  const Inputs in = random_system(3, 6);
  const auto kernel = [&] { return dplr_kernel(in[0], in[1], in[2], in[3], in[4], 50); };
  CHECK(max_difference(with_threads(4, kernel), with_threads(1, kernel)) == 0);
}

TEST_CASE("dplr_kernel takes no length and no channels, and refuses what does not fit", "[ops]") {
  const Inputs in = random_system(2, 2);
  CHECK(dplr_kernel(in[0], in[1], in[2], in[3], in[4], 0).shape() == Shape{0, 2});
  CHECK_THROWS_WITH(dplr_kernel(in[0], in[1], in[2], in[3], Tensor({3}), 4),
                    Catch::Matchers::StartsWith("dplr_kernel: lambda (4, 2), p (4, 2)"));
}
