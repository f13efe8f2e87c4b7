
#include <cmath>

#include "longhaul/attention_rows.h"
#include "longhaul/error.h"
#include "math/kernels/symmetric_eigenvalues.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

constexpr int64_t kLength = 9, kHeads = 4, kGroups = 2, kWidth = 3;
const Lengths kLengths = {9, 6};
const std::vector<int64_t> kQueries = {0, 3, 8};

// What rows of weights make of v [B, T, groups * width], against y [B, T, heads * width].
void check_rows(const AttentionRows& rows, const Tensor& v, int64_t groups, const Tensor& y) {
  REQUIRE(rows.weights.shape() == Shape{2, kHeads, 3, kLength});
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t h = 0; h < kHeads; ++h)
      for (int64_t r = 0; r < 3; ++r) {
        const int64_t i = kQueries[r], at = ((b * kHeads + h) * 3 + r) * kLength;
        INFO("sequence " << b << ", head " << h << ", query " << i);
        std::vector<double> sum(kWidth, 0);
        int64_t seen = 0;
        for (int64_t j = 0; j < kLength; ++j) {
          const double weight = rows.weights.data()[at + j], cosine = rows.cosines.data()[at + j];
          REQUIRE(std::isnan(weight) == std::isnan(cosine));
          if (std::isnan(weight)) continue;
          ++seen;
          CHECK(std::abs(cosine) <= 1.00001);
          const float* row = v.data() + (b * kLength + j) * groups * kWidth;
          for (int64_t c = 0; c < kWidth; ++c)
            sum[c] += weight * row[h / (kHeads / groups) * kWidth + c];
        }
        CHECK((seen > 0) == (i < kLengths[b]));
        for (int64_t c = 0; c < kWidth && seen > 0; ++c)
          CHECK(
              sum[c] ==
              Approx(y.data()[(b * kLength + i) * kHeads * kWidth + h * kWidth + c]).margin(1e-5));
      }
}

}  // namespace

TEST_CASE("attention's rows times v are what attention gives", "[attention_rows]") {
  const Tensor q = random_tensor({2, kLength, kHeads * kWidth}, 1);
  const Tensor k = random_tensor({2, kLength, kGroups * kWidth}, 2);
  const Tensor v = random_tensor({2, kLength, kGroups * kWidth}, 3);
  const AttentionSpec plain{.heads = kHeads, .kv_heads = kGroups};
  for (const bool causal : {true, false})
    for (const int64_t window : {0, 3})
      for (const bool rich : {false, true}) {
        INFO("causal " << causal << ", window " << window << ", rich " << rich);
        AttentionSpec spec = plain;
        spec.causal = causal;
        spec.window = window;
        if (rich) {
          spec.scale = 0.7f;
          spec.bias = random_tensor({kHeads, kLength}, 4);
          spec.far_q = random_tensor(q.shape(), 5);
          spec.far_k = random_tensor(k.shape(), 6);
          spec.far_from = 2;
        }
        check_rows(attention_rows(q, k, kLengths, kQueries, spec), v, kGroups,
                   attention(q, k, v, kLengths, spec));
      }
  CHECK_THROWS_AS(attention_rows(q, k, kLengths, {kLength}, plain), Error);
}

TEST_CASE("linear attention's rows times v are what it gives", "[attention_rows]") {
  const Shape shape{2, kLength, kHeads * kWidth};
  const Tensor q = random_tensor(shape, 1, 0.1f), k = random_tensor(shape, 2, 0.1f);
  const Tensor v = random_tensor(shape, 3);
  for (const bool causal : {true, false})
    for (const bool normalise : {true, false}) {
      const LinearAttentionSpec spec{.heads = kHeads, .causal = causal, .normalise = normalise};
      check_rows(attention_rows(q, k, kLengths, kQueries, spec), v, kHeads,
                 linear_attention(q, k, v, kLengths, spec));
    }
}

TEST_CASE("eigenvalues of a symmetric matrix come largest first", "[eigenvalues]") {
  CHECK(symmetric_eigenvalues({}, 0).empty());
  CHECK(symmetric_eigenvalues({-3}, 1) == std::vector<double>{-3});
  // The second difference of n points has the eigenvalues 2 - 2 cos(pi i / (n + 1)).
  constexpr int64_t n = 7;
  std::vector<double> a(n * n, 0);
  for (int64_t i = 0; i < n; ++i) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
  }
  const std::vector<double> found = symmetric_eigenvalues(a, n);
  for (int64_t i = 0; i < n; ++i)
    CHECK(found[i] == Approx(2 - 2 * std::cos(M_PI * static_cast<double>(n - i) / (n + 1))));
}
