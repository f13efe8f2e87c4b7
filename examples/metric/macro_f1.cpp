// Macro F1: the mean over the classes of F1 = 2 right / (given + asked), where `right` counts the
// positions at which the class is the answer and was given, `given` those at which it was given,
// and `asked` those at which it is the answer. Rare classes count as much as frequent ones. Classes
// that were neither given nor asked are left out.
#include <algorithm>
#include <cstddef>

#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// right, given and asked of each class.
std::vector<double> counts(const Tensor& logits, const Batch& answers) {
  const int64_t classes = logits.dim(1);
  std::vector<double> sums(static_cast<std::size_t>(3 * classes));
  for (int64_t row = 0; row < logits.dim(0); ++row) {
    const float* first = logits.data() + row * classes;
    const int64_t given = std::max_element(first, first + classes) - first;
    const int64_t asked = answers.targets[static_cast<std::size_t>(row)];
    sums[static_cast<std::size_t>(3 * asked)] += given == asked;
    ++sums[static_cast<std::size_t>(3 * given + 1)];
    ++sums[static_cast<std::size_t>(3 * asked + 2)];
  }
  return sums;
}

double macro_f1(const std::vector<double>& sums) {
  double total = 0, classes = 0;
  for (std::size_t at = 0; at < sums.size(); at += 3) {
    const double right = sums[at], given = sums[at + 1], asked = sums[at + 2];
    if (given + asked == 0) continue;
    total += 2 * right / (given + asked);
    ++classes;
  }
  return total / classes;
}

}  // namespace

LONGHAUL_PLUGIN(macro_f1) {
  registry.metric({.name = "macro_f1",
                   .about = "mean over the classes of 2 right / (given + asked)",
                   .source = "Opitz and Burst 2019, arXiv:1911.03347, eq. 1",
                   .sums = counts,
                   .value = macro_f1});
}
