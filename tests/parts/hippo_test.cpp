#include "longhaul/parts/hippo.h"

#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("hippo: the modes are those of the matrix", "[models]") {
  for (const int64_t M : {2, 4, 16, 64}) {
    INFO(M);
    // Unitary changes keep the length of p and of the skew matrix p_n p_k sign(k - n).
    double p = 0, skew = 0;
    for (int64_t n = 0; n < M; ++n) {
      p += static_cast<double>(n) + 0.5;
      for (int64_t k = 0; k < M; ++k)
        if (k != n) skew += (static_cast<double>(n) + 0.5) * (static_cast<double>(k) + 0.5);
    }
    double p_of_modes = 0, skew_of_modes = 0;
    const std::vector<HippoMode> modes = hippo_modes(M);
    REQUIRE(static_cast<int64_t>(modes.size()) == M / 2);
    for (const HippoMode& mode : modes) {  // each stands for itself and its conjugate
      CHECK(mode.frequency > 0);
      p_of_modes += 2 * std::norm(mode.p);
      skew_of_modes += 2 * mode.frequency * mode.frequency;
    }
    CHECK(p_of_modes == Approx(p));
    CHECK(skew_of_modes == Approx(skew));
  }
}

TEST_CASE("hippo: a matrix of two by two has the modes of its formula", "[models]") {
  // p = (sqrt(1/2), sqrt(3/2)): w = sqrt(3) / 2, and |v* p|^2 = 1 for both unit eigenvectors.
  const std::vector<HippoMode> modes = hippo_modes(2);
  CHECK(modes[0].frequency == Approx(std::sqrt(3.0) / 2));
  CHECK(std::norm(modes[0].p) == Approx(1));
}
